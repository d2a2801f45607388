/* incline_bench_environment_read(): where and with what something was measured. */
#include "base/text.h"
#include "bench/commit.h"
#include "build_config.h"
#include "incline/bench.h"
#include "incline/version.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

static void read_os(char *out, size_t size)
{
    struct utsname name;
    if (uname(&name) == 0)
        snprintf(out, size, "%.40s %.40s %.40s", name.sysname, name.release, name.machine);
}

/* Linux tells the processor's name in a line of /proc/cpuinfo. */
static void read_cpu(char *out, size_t size)
{
    static const char key[] = "model name";
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && out[0] == '\0' && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, key, sizeof key - 1) != 0 || !colon)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        colon[strcspn(colon, "\n")] = '\0';
        snprintf(out, size, "%s", colon);
    }
    if (file)
        fclose(file);
}

static double read_load(void)
{
    char line[64] = "";
    double load = -1;
    FILE *file = fopen("/proc/loadavg", "r");
    if (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, " \n")] = '\0';
        if (!incline_parse_double(line, &load))
            load = -1;
    }
    if (file)
        fclose(file);
    return load;
}

static void read_time(char *out, size_t size)
{
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc))
        strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void incline_bench_environment_read(struct incline_bench_environment *out)
{
    *out = (struct incline_bench_environment){.load = read_load()};
    snprintf(out->version, sizeof out->version, "%s", incline_version());
    snprintf(out->commit, sizeof out->commit, "%s", INCLINE_COMMIT);
    snprintf(out->clblast, sizeof out->clblast, "%s", INCLINE_CLBLAST_VERSION);
    read_os(out->os, sizeof out->os);
    read_cpu(out->cpu, sizeof out->cpu);
    read_time(out->time, sizeof out->time);
}

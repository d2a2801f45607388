#include "cli/cli.h"
#include "cli/format.h"
#include "cli/json_output.h"
#include "cli/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum format { FORMAT_TEXT, FORMAT_JSON };

/* Number of the device that -d asks for, -1 without -d. */
static int find_selected(struct cli *cli, int *selected)
{
    *selected = -1;
    if (cli->common.device == NULL)
        return CLI_EXIT_OK;
    struct incline_device *device = NULL;
    int code = cli_open_device(cli, &device);
    if (code == CLI_EXIT_OK)
        *selected = incline_device_get_info(device)->index;
    incline_device_close(&device);
    return code;
}

static bool is_shown(const struct incline_device_info *info, int selected)
{
    return selected < 0 || info->index == selected;
}

/* "ok", and for a GPU that another number stands for, "ok, the same GPU as #0". */
static const char *state_text(const struct incline_device_info *info, char *out, size_t size)
{
    char same[40] = "";
    if (info->same_as >= 0)
        snprintf(same, sizeof same, ", the same GPU as #%d", info->same_as);
    snprintf(out, size, "%s%s", info->state, same);
    return out;
}

static void add_row(struct cli_table *table, const struct incline_device_info *info)
{
    char number[16] = "-", place[32], units[16] = "-", name[200] = "-", platform[200];
    char state[160];
    struct cli_figure memory = {"-"};
    if (info->index >= 0)
        snprintf(number, sizeof number, "%d", info->index);
    if (info->device >= 0) {
        snprintf(place, sizeof place, "%d:%d", info->platform, info->device);
        snprintf(units, sizeof units, "%d", info->compute_units);
        cli_clip(name, sizeof name, info->name, 40);
        cli_format_bytes(&memory, (double)info->memory_bytes);
    } else if (info->platform >= 0) {
        snprintf(place, sizeof place, "%d:-", info->platform);
    } else {
        snprintf(place, sizeof place, "-");
    }
    cli_clip(platform, sizeof platform, info->platform_name, 27);
    cli_table_add(table,
                  (const char *[]){number, place, info->type, name, platform, info->opencl, units,
                                   memory.text, state_text(info, state, sizeof state)});
}

static int print_table(struct cli *cli, const struct incline_device_list *list, int selected)
{
    struct cli_table table;
    cli_table_init(&table, "rrlllrrrl");
    cli_table_add(&table, (const char *[]){"#", "P:D", "type", "name", "platform", "OpenCL", "CUs",
                                           "memory", "state"});
    for (size_t i = 0; i < list->count; i++) {
        if (is_shown(&list->devices[i], selected))
            add_row(&table, &list->devices[i]);
    }
    return cli_table_finish(&table, cli, " ");
}

static void add_detail(struct cli_table *table, const char *name, const char *value)
{
    cli_table_add(table, (const char *[]){name, value});
}

static int print_details(struct cli *cli, const struct incline_device_info *info)
{
    struct cli_table table;
    struct cli_figure memory, largest, local;
    char text[400];
    cli_table_init(&table, "ll");
    add_detail(&table, "vendor", info->vendor);
    snprintf(text, sizeof text, "%s, OpenCL %s", info->platform_name, info->opencl);
    add_detail(&table, "platform", text);
    add_detail(&table, "driver", info->driver);
    snprintf(text, sizeof text, "%d compute units at %d MHz", info->compute_units, info->clock_mhz);
    add_detail(&table, "processor", text);
    snprintf(text, sizeof text, "%s%s (at most %s in one buffer), local %s",
             cli_format_bytes(&memory, (double)info->memory_bytes),
             info->integrated ? " shared with the host" : "",
             cli_format_bytes(&largest, (double)info->max_alloc_bytes),
             cli_format_bytes(&local, (double)info->local_bytes));
    add_detail(&table, "memory", text);
    snprintf(text, sizeof text, "%zu work-items", info->max_work_group);
    add_detail(&table, "work-group", text);
    add_detail(&table, "state", state_text(info, text, sizeof text));
    return cli_table_finish(&table, cli, "    ");
}

static int print_all_details(struct cli *cli, const struct incline_device_list *list, int selected)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; i < list->count && code == CLI_EXIT_OK; i++) {
        const struct incline_device_info *info = &list->devices[i];
        if (info->device < 0 || !is_shown(info, selected))
            continue;
        if (info->index >= 0)
            cli_print(cli, "\n#%d  %d:%d  %s (%s)\n", info->index, info->platform, info->device,
                      info->name, info->type);
        else
            cli_print(cli, "\n-   %d:%d  %s (%s)\n", info->platform, info->device, info->name,
                      info->type);
        code = print_details(cli, info);
    }
    return code;
}

static json_t *to_json(const struct incline_device_info *info)
{
    return json_pack("{s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:I, s:I, s:I, s:I, "
                     "s:b, s:b, s:o, s:o}",
                     "index", info->index, "platform", info->platform, "device", info->device,
                     "type", cli_json_text(info->type), "name", cli_json_text(info->name), "vendor",
                     cli_json_text(info->vendor), "platform_name",
                     cli_json_text(info->platform_name), "opencl", cli_json_text(info->opencl),
                     "driver", cli_json_text(info->driver), "compute_units", info->compute_units,
                     "clock_mhz", info->clock_mhz, "memory_bytes", (json_int_t)info->memory_bytes,
                     "max_alloc_bytes", (json_int_t)info->max_alloc_bytes, "local_bytes",
                     (json_int_t)info->local_bytes, "max_work_group",
                     (json_int_t)info->max_work_group, "integrated", info->integrated, "default",
                     info->is_default, "state", cli_json_text(info->state), "same_as",
                     info->same_as < 0 ? json_null() : json_integer(info->same_as));
}

static int print_json(struct cli *cli, const struct incline_device_list *list, int selected)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < list->count && rows != NULL; i++) {
        if (is_shown(&list->devices[i], selected) &&
            json_array_append_new(rows, to_json(&list->devices[i])) != 0) {
            json_decref(rows);
            rows = NULL;
        }
    }
    return cli_json_print(cli, rows, JSON_INDENT(2));
}

static int print_list(struct cli *cli, const struct incline_device_list *list, int selected)
{
    if (cli->format == FORMAT_JSON)
        return print_json(cli, list, selected);
    int code = list->count > 0 ? print_table(cli, list, selected) : CLI_EXIT_OK;
    if (code == CLI_EXIT_OK && cli->common.verbose > 0)
        code = print_all_details(cli, list, selected);
    return code;
}

static bool has_usable(const struct incline_device_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->devices[i].index >= 0)
            return true;
    }
    return false;
}

/* Opening the default device fails with the text that says what to install. */
static int explain_no_device(struct cli *cli)
{
    struct incline_device *device = NULL;
    enum incline_status status = incline_device_open(cli->ctx, NULL, &device);
    incline_device_close(&device);
    return status != INCLINE_OK ? cli_fail(cli, status) : CLI_EXIT_OK;
}

/* The default is what the other verbs would take: INCLINE_DEVICE moves it, or leaves none. */
static void move_default(struct incline_device_list *list, int index)
{
    for (size_t i = 0; i < list->count; i++) {
        struct incline_device_info *info = &list->devices[i];
        if (info->index < 0)
            continue;
        info->is_default = info->index == index;
        snprintf(info->state, sizeof info->state, "%s", info->is_default ? "default" : "ok");
    }
}

static void heed_environment(struct cli *cli, struct incline_device_list *list)
{
    struct incline_device *device = NULL;
    const char *selector = cli_device_selector(cli);
    enum incline_status status = incline_device_open(cli->ctx, selector, &device);
    const char *text = incline_error_text(cli->ctx);
    if (status == INCLINE_OK)
        cli_say(cli, "INCLINE_DEVICE=%s chooses the device where -d does not.", selector);
    else
        cli_say(cli, "INCLINE_DEVICE=%s: %.*s; the other verbs will need -d.", selector,
                (int)strcspn(text, ";:\n"), text);
    move_default(list, status == INCLINE_OK ? incline_device_get_info(device)->index : -1);
    incline_error_clear(cli->ctx);
    incline_device_close(&device);
}

static int run(struct cli *cli, const void *options)
{
    (void)options;
    int selected;
    int code = find_selected(cli, &selected);
    if (code != CLI_EXIT_OK)
        return code;
    struct incline_device_list *list = NULL;
    enum incline_status status = incline_devices_list(cli->ctx, &list);
    if (status != INCLINE_OK)
        return cli_fail(cli, status);
    if (cli_device_is_from_environment(cli) && has_usable(list))
        heed_environment(cli, list);
    code = print_list(cli, list, selected);
    if (code == CLI_EXIT_OK && !has_usable(list))
        code = explain_no_device(cli);
    incline_devices_free(&list);
    return code;
}

static const char *const formats[] = {"text", "json", NULL};

const struct cli_verb cli_verb_devices = {
    .name = "devices",
    .help = "list OpenCL devices and say which is used",
    .arguments = "",
    .examples = "  incline devices\n"
                "  incline devices -v\n"
                "  incline devices -d gpu      # which one would that be?\n"
                "  incline devices --format json\n",
    .formats = formats,
    .run = run,
};

#include "support/device.h"

#include "device/opencl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && strcmp(value, "1") == 0;
}

int test_device_open(struct test_device *out)
{
    *out = (struct test_device){0};
    out->ctx = incline_context_create(NULL, NULL);
    if (!out->ctx)
        return 1;
    if (incline_device_open(out->ctx, getenv("INCLINE_DEVICE"), &out->device) == INCLINE_OK)
        return 0;
    fprintf(stderr, "%s\n", incline_error_text(out->ctx));
    incline_context_destroy(&out->ctx);
    return is_set("INCLINE_REQUIRE_DEVICE") ? 1 : TEST_SKIPPED;
}

/* PoCL 3.1 builds every kernel with our own declarations of what it uses. */
static bool lacks_builtins(const struct incline_device *device)
{
    return strcmp(device->info.platform_name, "Portable Computing Language") == 0 &&
           strncmp(device->info.driver, "3.1", 3) == 0 && !device->own_builtins;
}

void test_device_close(struct test_device *device)
{
    if (lacks_builtins(device->device)) {
        fprintf(stderr, "a function that a kernel uses is not declared in cl/builtins.h\n");
        exit(1);
    }
    incline_device_close(&device->device);
    incline_context_destroy(&device->ctx);
}

bool test_small(void)
{
    return is_set("INCLINE_TEST_SMALL") || test_smallest();
}

bool test_accesses(void)
{
    return test_small() && !test_smallest();
}

bool test_smallest(void)
{
    const char *value = getenv("INCLINE_TEST_SMALL");
    return value && strcmp(value, "2") == 0;
}

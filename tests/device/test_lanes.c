/* The lanes of a device: how timings decide, what the environment may say, and that the probe runs
 * once. */
#include "support/device.h"
#include "support/scratch.h"

#include "device/lanes.h"
#include "device/tuning.h"

static void assert_choice(double at16, double at8, double at4, int word, int lanes)
{
    const double seconds[] = {at16, at8, at4};
    assert_int_equal(incline_lanes_choose(seconds, word), lanes);
}

static void timings_decide(void **state)
{
    (void)state;
    assert_choice(1.0, 2.0, 4.0, 16, 16);
    assert_choice(1.0, 2.0, 4.0, 4, 16);  /* the driver's word does not count */
    assert_choice(1.0, 1.0, 2.0, 16, 16); /* no difference: it does */
    assert_choice(1.0, 1.0, 1.0, 4, 4);
    assert_choice(1.0, 0.97, 2.0, 16, 16); /* noise */
    assert_choice(1.5, 1.0, 2.0, 16, 8);
    assert_choice(4.0, 2.0, 1.0, 16, 4);
    assert_choice(2.0, 1.0, 0.97, 8, 8);
}

static struct test_device open_device(void)
{
    struct test_device device;
    assert_int_equal(test_device_open(&device), 0);
    return device;
}

static void the_environment_overrides(void **state)
{
    static const int all[] = {1, 4, 8, 16};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", all[i]);
        setenv("INCLINE_LANES", text, 1);
        struct test_device device = open_device();
        assert_int_equal(incline_device_lanes(device.device), all[i]);
        assert_int_equal(incline_tuning_count(device.device), 0); /* nothing was probed */
        test_device_close(&device);
    }
    unsetenv("INCLINE_LANES");
}

static bool is_cpu(const struct test_device *device)
{
    return strcmp(incline_device_get_info(device->device)->type, "cpu") == 0;
}

/* The first opening measures, the second finds the record. */
static void the_probe_is_remembered(void **state)
{
    struct scratch *s = *state;
    setenv("INCLINE_CACHE_DIR", s->folder, 1);
    struct test_device device = open_device();
    int lanes = incline_device_lanes(device.device);
    assert_int_equal(incline_device_get_counters(device.device).program_builds, 0);
    if (!is_cpu(&device)) {
        assert_int_equal(lanes, 1);
        test_device_close(&device);
        skip();
    }
    assert_int_equal(incline_tuning_get(device.device, 0)->source, INCLINE_TUNING_MEASURED);
    test_device_close(&device);
    device = open_device();
    assert_int_equal(incline_tuning_get(device.device, 0)->source, INCLINE_TUNING_STORED);
    assert_int_equal(incline_device_lanes(device.device), lanes);
    test_device_close(&device);
}

static void what_the_cpu_works_is_seen(void **state)
{
    struct test_device device = open_device();
    double cpu = 0, busy = 0;
    (void)state;
    int lanes = incline_device_lanes(device.device);
    assert_ok(device.ctx, incline_device_probe_load(device.ctx, device.device, 1, &cpu, &busy));
    assert_true(busy > 0);
    assert_int_equal(incline_device_lanes(device.device), lanes);
    if (is_cpu(&device))
        assert_true(cpu > 0);
    test_device_close(&device);
}

static uint64_t launches(const struct test_device *device)
{
    return incline_device_get_counters(device->device).launches;
}

/* Two launches to find out how long one takes, and one that is looked at. */
static void a_look_at_the_load_keeps_to_its_time(void **state)
{
    struct test_device device = open_device();
    double cpu = 0, busy = 0;
    uint64_t before = launches(&device);
    (void)state;
    incline_device_limit_launches(device.device, 0); /* none is cut to pieces */
    assert_ok(device.ctx, incline_device_probe_load(device.ctx, device.device, 0, &cpu, &busy));
    assert_int_equal(launches(&device) - before, 3);
    assert_true(busy > 0);
    test_device_close(&device);
}

static const struct CMUnitTest tests[] = {
    scratch_test(timings_decide),
    scratch_test(the_environment_overrides),
    scratch_test(the_probe_is_remembered),
    scratch_test(what_the_cpu_works_is_seen),
    scratch_test(a_look_at_the_load_keeps_to_its_time),
};

int main(void)
{
    struct test_device device;
    int code = test_device_open(&device);
    if (code)
        return code;
    test_device_close(&device);
    unsetenv("INCLINE_LANES");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

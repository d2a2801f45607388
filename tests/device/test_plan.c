/* The step plan: what it refuses and how it says so, what it reuses, and that enqueueing neither
 * allocates, builds nor waits. */
#include "support/harness.h"

#include "base/embedded.h"
#include "device/opencl.h"
#include "incline/device.h"

enum { BATCH = 17, ELEMS = 50 };

static struct incline_plan *make_plan(void)
{
    struct incline_plan *plan = NULL;
    harness_ok(incline_plan_create(harness_device.ctx, harness_device.device, BATCH, &plan));
    return plan;
}

static struct incline_tensor *make_tensor(struct incline_plan *plan, const char *name, size_t bytes)
{
    struct incline_tensor *tensor = NULL;
    harness_ok(incline_plan_tensor(harness_device.ctx, plan, name, bytes, &tensor));
    return tensor;
}

/* A copy of x in y, or another kernel with the same arguments */
static void add_launch(struct incline_plan *plan, const char *source, const char *kernel,
                       const char *defines, struct incline_tensor *x, struct incline_tensor *y)
{
    struct incline_launch launch = {
        .label = "the layer",
        .source = source,
        .kernel = kernel,
        .defines = defines,
        .items = incline_lane_items(plan),
        .group = incline_lane_items(plan),
        .second = 1,
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(x), INCLINE_TENSOR(y)},
    };
    harness_ok(incline_plan_launch(harness_device.ctx, plan, &launch));
}

static const char copy_defines[] = " -D ELEMS=50 -D CHUNK=64";

static void add_copy(struct incline_plan *plan, struct incline_tensor *x, struct incline_tensor *y)
{
    add_launch(plan, "add.cl", "add_copy", copy_defines, x, y);
}

static size_t activation_bytes(void)
{
    return incline_packed_elems(BATCH, ELEMS) * sizeof(float);
}

/* The plan must fail to finish with that status and text. */
static void assert_refused(struct incline_plan *plan, enum incline_status status, const char *text)
{
    assert_fails(harness_device.ctx, status, incline_plan_finish(harness_device.ctx, plan), text);
}

static void test_too_large(void **state)
{
    const struct incline_device_info *info = incline_device_get_info(harness_device.device);
    struct incline_plan *plan = make_plan();
    struct incline_tensor *large =
        make_tensor(plan, "large", (size_t)info->max_alloc_bytes + (1 << 20));
    char allowed[64];
    (void)state;
    incline_plan_keep(large);
    snprintf(allowed, sizeof allowed, "allows %.1f MiB",
             (double)info->max_alloc_bytes / (1024 * 1024));
    assert_refused(plan, INCLINE_ERROR_DEVICE, allowed);
    assert_refused(plan, INCLINE_ERROR_DEVICE, "the memory of one step needs ");
    assert_refused(plan, INCLINE_ERROR_DEVICE, info->name);
    incline_plan_destroy(&plan);
}

static void test_measure(void **state)
{
    const struct incline_device_info *info = incline_device_get_info(harness_device.device);
    size_t large = (size_t)info->max_alloc_bytes + (1 << 20);
    struct incline_device_counters before = incline_device_get_counters(harness_device.device);
    struct incline_plan *plan = make_plan();
    (void)state;
    incline_plan_keep(make_tensor(plan, "large", large));
    harness_ok(incline_plan_measure(harness_device.ctx, plan));
    assert_int_equal(incline_plan_arena_bytes(plan), large);
    incline_plan_destroy(&plan);
    struct incline_device_counters after = incline_device_get_counters(harness_device.device);
    assert_memory_equal(&before, &after, sizeof before);
}

static struct incline_plan *plan_of_one(const char *source, const char *kernel, const char *defines)
{
    struct incline_plan *plan = make_plan();
    add_launch(plan, source, kernel, defines, make_tensor(plan, "x", activation_bytes()),
               make_tensor(plan, "y", activation_bytes()));
    return plan;
}

/* A plan of that one launch must fail to finish. A plan is finished once, so each has its own. */
static void assert_launch_refused(const char *source, const char *kernel, const char *defines,
                                  enum incline_status status, const char *text)
{
    struct incline_plan *plan = plan_of_one(source, kernel, defines);
    assert_refused(plan, status, text);
    incline_plan_destroy(&plan);
}

static void test_unknown_file(void **state)
{
    (void)state;
    assert_launch_refused("cubism.cl", "add_copy", copy_defines, INCLINE_ERROR_BUG,
                          "no kernel file cubism.cl");
}

/* Driver calls that must fail; simulators report them, so they are left out there. */
static void test_driver_refuses(void **state)
{
    static const char no_elems[] = " -D CHUNK=64";
    (void)state;
    if (test_small())
        skip();
    assert_launch_refused("add.cl", "add_sideways", copy_defines, INCLINE_ERROR_DEVICE,
                          "kernel add_sideways of the layer");
    assert_launch_refused("add.cl", "add_copy", no_elems, INCLINE_ERROR_BUILD, "ELEMS");
    assert_launch_refused("add.cl", "add_copy", no_elems, INCLINE_ERROR_BUILD,
                          "building add.cl failed with ");
}

static void assert_folder_refused(const char *folder, enum incline_status status, const char *text)
{
    assert_int_equal(setenv("INCLINE_KERNEL_DIR", folder, 1), 0);
    assert_launch_refused("add.cl", "add_copy", " -D ELEMS=50 -D CHUNK=32", /* not built before */
                          status, text);
    unsetenv("INCLINE_KERNEL_DIR");
}

/* Kernel text from a folder that others can write to would run with the user's rights. */
static void test_kernel_folder(void **state)
{
    static const char others[] = "others must not be able to write to it";
    struct scratch *s = *state;
    assert_int_equal(chmod(s->folder, 0777), 0);
    assert_folder_refused(s->folder, INCLINE_ERROR_ARGUMENT, others);
    assert_int_equal(chmod(s->folder, 0770), 0);
    assert_folder_refused(s->folder, INCLINE_ERROR_ARGUMENT, others);
    assert_int_equal(chmod(s->folder, 0700), 0);
    assert_folder_refused(s->folder, INCLINE_ERROR_DATA, "add.cl");
    assert_folder_refused("/nowhere/at/all", INCLINE_ERROR_ARGUMENT,
                          "INCLINE_KERNEL_DIR=/nowhere/at/all is no folder");
}

/* Declarations that lack what a kernel uses; nothing but them. */
static void lose_builtins(struct scratch *s)
{
    for (const struct incline_embedded_file *file = incline_kernel_files; file->name; file++)
        scratch_write(s, file->name, file->text,
                      strcmp(file->name, "builtins.h") == 0 ? 0 : strlen(file->text));
    assert_int_equal(setenv("INCLINE_KERNEL_DIR", s->folder, 1), 0);
}

static bool builds(struct incline_context *ctx, struct incline_device *device, const char *defines)
{
    cl_program program;
    bool built = incline_program_get(ctx, device, "add.cl", defines, &program) == INCLINE_OK;
    incline_error_clear(ctx);
    return built;
}

/* A driver to which our declarations are not enough gets to use its own, from then on; a fault of
 * the kernel does not count. */
static void test_builtins_are_not_enough(void **state)
{
    struct scratch *s = *state;
    struct incline_device *device = NULL;
    assert_ok(s->ctx, incline_device_open(s->ctx, getenv("INCLINE_DEVICE"), &device));
    bool own = device->own_builtins;
    if (own) {
        assert_false(builds(s->ctx, device, ""));
        assert_true(device->own_builtins);
        lose_builtins(s);
        assert_true(builds(s->ctx, device, copy_defines));
        assert_false(device->own_builtins);
        unsetenv("INCLINE_KERNEL_DIR");
    }
    incline_device_close(&device);
    if (!own)
        skip();
}

/* Enqueues a few steps of a chain of three in the arena, and looks at what was asked of the device
 * after the first, which may find out how long launches last. */
static void test_counters(void **state)
{
    enum { STEPS = 5, LAUNCHES = 3 };
    struct incline_plan *plan = make_plan();
    struct harness_buffer x, y;
    (void)state;
    harness_buffer_create(&x, "x", activation_bytes());
    harness_buffer_create(&y, "y", activation_bytes());
    harness_buffer_reset(&x, NULL, 0);
    struct incline_tensor *a = make_tensor(plan, "a", activation_bytes());
    struct incline_tensor *b = make_tensor(plan, "b", activation_bytes());
    add_copy(plan, harness_buffer_tensor(&x, plan), a);
    add_copy(plan, a, b);
    add_copy(plan, b, harness_buffer_tensor(&y, plan));
    harness_ok(incline_plan_finish(harness_device.ctx, plan));
    assert_int_equal(incline_plan_launches(plan), LAUNCHES);
    struct incline_step first = {.images = BATCH};
    harness_ok(incline_plan_enqueue(harness_device.ctx, plan, &first));

    struct incline_device_counters before = incline_device_get_counters(harness_device.device);
    for (int i = 0; i < STEPS; i++) {
        struct incline_step step = {.images = i % 2 ? 3 : BATCH, .first = i, .number = i};
        harness_ok(incline_plan_enqueue(harness_device.ctx, plan, &step));
    }
    struct incline_device_counters after = incline_device_get_counters(harness_device.device);
    assert_int_equal(after.launches - before.launches, STEPS * LAUNCHES);
    assert_int_equal(after.program_builds, before.program_builds);
    assert_int_equal(after.allocations, before.allocations);
    assert_int_equal(after.blocking_calls, before.blocking_calls);

    struct incline_fence *fence = NULL;
    harness_ok(incline_fence_put(harness_device.ctx, harness_device.device, &fence));
    harness_ok(incline_fence_wait(harness_device.ctx, &fence));
    after = incline_device_get_counters(harness_device.device);
    assert_null(fence);
    assert_int_equal(after.window_waits, before.window_waits + 1);
    assert_int_equal(after.blocking_calls, before.blocking_calls);

    harness_ok(incline_device_wait(harness_device.ctx, harness_device.device));
    after = incline_device_get_counters(harness_device.device);
    assert_int_equal(after.blocking_calls, before.blocking_calls + 1);
    incline_plan_destroy(&plan);
    harness_buffer_destroy(&x);
    harness_buffer_destroy(&y);
}

/* Two plans with the same kernel build one program. */
static void test_programs_are_kept(void **state)
{
    struct incline_plan *plan = plan_of_one("add.cl", "add_copy", copy_defines);
    (void)state;
    harness_ok(incline_plan_finish(harness_device.ctx, plan));
    incline_plan_destroy(&plan);
    struct incline_device_counters before = incline_device_get_counters(harness_device.device);
    plan = plan_of_one("add.cl", "add_copy", copy_defines);
    harness_ok(incline_plan_finish(harness_device.ctx, plan));
    incline_plan_destroy(&plan);
    struct incline_device_counters after = incline_device_get_counters(harness_device.device);
    assert_int_equal(after.program_builds, before.program_builds);
}

/* In a chain, a third tensor takes the place of the first; a kept one shares with none. */
static void test_arena_is_reused(void **state)
{
    size_t align = incline_device_align(harness_device.device);
    size_t bytes = (activation_bytes() + align - 1) / align * align;
    (void)state;
    for (int keeps = 0; keeps <= 1; keeps++) {
        struct incline_plan *plan = make_plan();
        struct incline_tensor *a = make_tensor(plan, "a", bytes);
        struct incline_tensor *b = make_tensor(plan, "b", bytes);
        struct incline_tensor *c = make_tensor(plan, "c", bytes);
        make_tensor(plan, "nobody's", 1 << 20);
        if (keeps)
            incline_plan_keep(a);
        add_copy(plan, a, b);
        add_copy(plan, b, c);
        harness_ok(incline_plan_finish(harness_device.ctx, plan));
        assert_int_equal(incline_plan_arena_bytes(plan), (keeps ? 3 : 2) * bytes);
        assert_int_equal(incline_buffer_bytes(incline_tensor_buffer(b)), bytes);
        incline_plan_destroy(&plan);
    }
}

/* x, through `tensors` - 1 others that are all in use at once, to y. */
static struct incline_plan *make_chain(struct harness_buffer *x, struct harness_buffer *y,
                                       int tensors)
{
    struct incline_plan *plan = make_plan();
    struct incline_tensor *inner[4], *from = harness_buffer_tensor(x, plan);
    for (int i = 0; i < tensors; i++) {
        inner[i] = make_tensor(plan, "inner", activation_bytes());
        add_copy(plan, i > 0 ? inner[i - 1] : from, inner[i]);
        incline_plan_keep(inner[i]);
    }
    add_copy(plan, inner[tensors - 1], harness_buffer_tensor(y, plan));
    return plan;
}

/* A plan takes the memory of another one where that suffices, and both compute what they should. */
static void test_arena_is_borrowed(void **state)
{
    const struct incline_step step = {.images = BATCH};
    struct harness_buffer x, y;
    float numbers[2 * INCLINE_NB * ELEMS], got[2 * INCLINE_NB * ELEMS];
    (void)state;
    assert_int_equal(sizeof numbers, activation_bytes());
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        numbers[i] = (float)i;
    harness_buffer_create(&x, "x", activation_bytes());
    harness_buffer_create(&y, "y", activation_bytes());
    struct incline_plan *lender = make_chain(&x, &y, 2);
    harness_ok(incline_plan_finish(harness_device.ctx, lender));
    for (int tensors = 1; tensors <= 3; tensors++) {
        size_t before = harness_device.device->buffer_bytes;
        struct incline_plan *plan = make_chain(&x, &y, tensors);
        incline_plan_borrow(plan, lender);
        harness_ok(incline_plan_finish(harness_device.ctx, plan));
        assert_int_equal(incline_plan_arena_bytes(plan) > 0, tensors > 2);
        assert_int_equal(harness_device.device->buffer_bytes - before,
                         incline_plan_arena_bytes(plan));
        struct incline_plan *const both[] = {plan, lender};
        for (size_t i = 0; i < 2; i++) {
            harness_buffer_reset(&x, numbers, sizeof numbers);
            harness_buffer_reset(&y, NULL, 0);
            harness_ok(incline_plan_enqueue(harness_device.ctx, both[i], &step));
            harness_buffer_read(&y, got, sizeof got);
            assert_memory_equal(got, numbers, sizeof got);
        }
        incline_plan_destroy(&plan);
    }
    incline_plan_destroy(&lender);
    harness_buffer_destroy(&y);
    harness_buffer_destroy(&x);
}

/* The label, the file's name and the defines are copied: what they were in may be gone by the time
 * the plan is finished. */
static void test_texts_are_copied(void **state)
{
    char source[] = "add.cl", defines[sizeof copy_defines], label[] = "the layer";
    struct incline_plan *plan = make_plan();
    (void)state;
    memcpy(defines, copy_defines, sizeof defines);
    struct incline_launch launch = {
        .label = label,
        .source = source,
        .kernel = "add_copy",
        .defines = defines,
        .items = incline_lane_items(plan),
        .group = incline_lane_items(plan),
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(make_tensor(plan, "x", activation_bytes())),
                 INCLINE_TENSOR(make_tensor(plan, "y", activation_bytes()))},
    };
    harness_ok(incline_plan_launch(harness_device.ctx, plan, &launch));
    memset(source, '?', sizeof source - 1);
    memset(defines, '?', sizeof defines - 1);
    memset(label, '?', sizeof label - 1);
    harness_ok(incline_plan_finish(harness_device.ctx, plan));
    assert_string_equal(incline_plan_get_launch(plan, 0)->label, "the layer");
    assert_string_equal(incline_plan_get_launch(plan, 0)->source, "add.cl");
    assert_string_equal(incline_plan_get_launch(plan, 0)->defines, copy_defines);
    incline_plan_destroy(&plan);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_too_large),        cmocka_unit_test(test_measure),
    cmocka_unit_test(test_unknown_file),     cmocka_unit_test(test_driver_refuses),
    scratch_test(test_kernel_folder),        scratch_test(test_builtins_are_not_enough),
    cmocka_unit_test(test_counters),         cmocka_unit_test(test_programs_are_kept),
    cmocka_unit_test(test_arena_is_reused),  cmocka_unit_test(test_arena_is_borrowed),
    cmocka_unit_test(test_texts_are_copied),
};

HARNESS_MAIN(tests)

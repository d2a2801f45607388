/* The device that tests run on. */
#ifndef INCLINE_TESTS_DEVICE_H
#define INCLINE_TESTS_DEVICE_H

#include "device/device.h"

/* What meson and automake take as "skipped". */
enum { TEST_SKIPPED = 77 };

struct test_device {
    struct incline_context *ctx;
    struct incline_device *device;
};

/* Opens the device that INCLINE_DEVICE names, or the default. Returns 0; TEST_SKIPPED when there is
 * none; 1 when there is none and INCLINE_REQUIRE_DEVICE is 1. Says why on stderr. */
int test_device_open(struct test_device *out);

/* Ends the program with 1 where kernels lacked declarations of their own. */
void test_device_close(struct test_device *device);

/* true when shapes should stay small: INCLINE_TEST_SMALL=1 or 2. */
bool test_small(void);

/* true when accesses are looked at and not values, by a simulator or by sanitizers:
 * INCLINE_TEST_SMALL=1. One run of each shape tells what there is to tell. */
bool test_accesses(void);

/* true when also few programs should be built: INCLINE_TEST_SMALL=2, for llvmpipe, which compiles
 * slowly. */
bool test_smallest(void);

#endif

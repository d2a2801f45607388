/* A tensor from the device against its reference. */
#include "base/philox.h"
#include "check/checker.h"

#include <math.h>
#include <stdio.h>

/* Multiply-adds that the reference of one tensor may cost (a few milliseconds), and elements that
 * are compared in any case. */
#define QUICK_COST 2e6
enum { SAMPLE_MIN = 64 };

static size_t sample_size(const struct incline_checker *checker,
                          const struct incline_comparison *comparison)
{
    double most = QUICK_COST / (comparison->cost > 1 ? comparison->cost : 1);
    size_t count = comparison->count;
    if (checker->options->full || most >= (double)count)
        return count;
    return most > SAMPLE_MIN ? (size_t)most : SAMPLE_MIN < count ? SAMPLE_MIN : count;
}

/* Element number i of a sample: one at random from each of `size` equal parts of the tensor. */
static size_t sample_place(size_t i, size_t size, size_t count)
{
    if (size == count)
        return i;
    struct incline_philox draw = incline_philox_draw(0, INCLINE_STREAM_CHECK, 0, i);
    double place = ((double)i + (double)incline_philox_uniform(draw.word[0])) / (double)size;
    size_t index = (size_t)(place * (double)count);
    return index < count ? index : count - 1;
}

struct sums {
    double error, size;       /* of squares */
    double largest, greatest; /* difference; element of the reference */
};

static void add(struct sums *sums, double got, double expected)
{
    double difference = got - expected;
    sums->error += difference * difference;
    sums->size += expected * expected;
    if (fabs(difference) > sums->largest)
        sums->largest = fabs(difference);
    if (fabs(expected) > sums->greatest)
        sums->greatest = fabs(expected);
}

static double ratio(double error, double size)
{
    if (error == 0)
        return 0;
    return size > 0 ? error / size : (double)INFINITY;
}

/* References are finite, so that anything else, and what was never written, is wrong. */
static size_t count_not_finite(const struct incline_comparison *comparison)
{
    size_t count = 0;
    for (size_t i = 0; i < comparison->count; i++)
        count += !isfinite(comparison->got[i]);
    return count;
}

double incline_checker_element(const void *cookie, size_t index)
{
    return ((const double *)cookie)[index];
}

void incline_checker_compare(struct incline_checker *checker,
                             const struct incline_comparison *comparison)
{
    char problem[160] = "";
    struct sums sums = {0};
    size_t size = sample_size(checker, comparison), bad = count_not_finite(comparison);
    for (size_t i = 0; i < size; i++) {
        size_t place = sample_place(i, size, comparison->count);
        if (isfinite(comparison->got[place]))
            add(&sums, comparison->got[place], comparison->expect(comparison->cookie, place));
    }
    struct incline_check_row row = {
        .op = comparison->op,
        .kernels = comparison->kernels,
        .tensor = comparison->tensor,
        .shape = comparison->shape,
        .elements = comparison->count,
        .compared = size,
        .l2 = ratio(sqrt(sums.error), sqrt(sums.size)),
        .largest = ratio(sums.largest, sums.greatest),
        .limit = INCLINE_CHECK_LIMIT,
        .problem = problem,
    };
    if (bad > 0)
        snprintf(problem, sizeof problem, "%zu elements are not written or not finite", bad);
    else if (comparison->damage[0])
        snprintf(problem, sizeof problem, "%s", comparison->damage);
    bool right = row.l2 <= row.limit && row.largest <= row.limit && !problem[0];
    row.verdict = right ? INCLINE_CHECK_PASSED : INCLINE_CHECK_FAILED;
    incline_checker_report(checker, &row);
}

static void keep_failure(struct incline_checker *checker, const struct incline_check_row *row)
{
    char *text = checker->result->first_failure;
    size_t bytes = sizeof checker->result->first_failure;
    snprintf(text, bytes,
             "%s is wrong on device %s: tensor %s (%s)%s%s has a relative error of %.2g (largest "
             "%.2g), at most %g is right%s%s",
             row->op, incline_device_get_info(checker->device)->name, row->tensor, row->shape,
             row->kernels[0] ? " of kernel " : "", row->kernels, row->l2, row->largest, row->limit,
             row->problem[0] ? "; " : "", row->problem);
}

void incline_checker_report(struct incline_checker *checker, const struct incline_check_row *row)
{
    struct incline_check_result *result = checker->result;
    result->passed += row->verdict == INCLINE_CHECK_PASSED;
    result->failed += row->verdict == INCLINE_CHECK_FAILED;
    result->skipped += row->verdict == INCLINE_CHECK_SKIPPED;
    if (row->verdict == INCLINE_CHECK_FAILED && !result->first_failure[0])
        keep_failure(checker, row);
    if (checker->options->row)
        checker->options->row(checker->options->cookie, row);
}

void incline_check_fill(double *values, size_t count, double scale, unsigned what)
{
    for (size_t i = 0; i < count; i += 4) {
        struct incline_philox draw = incline_philox_draw(0, INCLINE_STREAM_CHECK, what + 1, i / 4);
        for (size_t j = 0; j < 4 && i + j < count; j++) {
            double unit = 2 * (double)incline_philox_uniform(draw.word[j]) - 1;
            values[i + j] = (double)(float)(unit * scale);
        }
    }
}

void incline_check_add_shape(struct incline_text *text, struct incline_shape shape)
{
    if (shape.height == 1 && shape.width == 1)
        incline_text_add(text, "%d", shape.channels);
    else
        incline_text_add(text, "%dx%dx%d", shape.height, shape.width, shape.channels);
}

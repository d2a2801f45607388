#include "gemm/gemm.h"

#include "build_config.h"
#include "device/tuning.h"
#include "gemm/clblast.h"

#include <stdlib.h>
#include <string.h>

#if INCLINE_HAVE_CLBLAST

static enum incline_status check_build(struct incline_context *ctx)
{
    (void)ctx;
    return INCLINE_OK;
}

#else

static enum incline_status check_build(struct incline_context *ctx)
{
    return incline_fail(ctx, INCLINE_ERROR_UNSUPPORTED,
                        "INCLINE_GEMM=clblast: this incline was built without CLBlast; unset "
                        "INCLINE_GEMM, or install CLBlast and build with -Dclblast=enabled");
}

enum incline_status incline_clblast_multiply(struct incline_context *ctx,
                                             const struct incline_call *call)
{
    (void)call;
    return check_build(ctx);
}

#endif

static bool can_multiply(const struct incline_device *device)
{
    return INCLINE_HAVE_CLBLAST &&
           incline_device_get_info(device)->max_work_group >= INCLINE_CLBLAST_GROUP;
}

static enum incline_gemm measured_choice(struct incline_device *device, const char *shape)
{
    static const struct incline_tile candidates[] = {{{INCLINE_GEMM_OWN}},
                                                     {{INCLINE_GEMM_CLBLAST}}};
    if (!can_multiply(device))
        return INCLINE_GEMM_OWN;
    return (enum incline_gemm)incline_tuning_choose_near(device, "gemm", shape, candidates, 2)
        ->values[0];
}

enum incline_status incline_gemm_choice(struct incline_context *ctx, struct incline_device *device,
                                        const char *shape, enum incline_gemm *out)
{
    const char *word = getenv("INCLINE_GEMM");
    *out = INCLINE_GEMM_OWN;
    if (!word || !*word || strcmp(word, "auto") == 0) {
        *out = measured_choice(device, shape);
        return INCLINE_OK;
    }
    if (strcmp(word, "own") == 0)
        return INCLINE_OK;
    if (strcmp(word, "clblast") != 0)
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                            "INCLINE_GEMM=%.40s is none of auto, own, clblast", word);
    *out = INCLINE_GEMM_CLBLAST;
    return check_build(ctx);
}

static enum incline_status check_device(struct incline_context *ctx,
                                        const struct incline_product *product,
                                        const struct incline_device_info *info)
{
    if (info->max_work_group >= INCLINE_CLBLAST_GROUP)
        return INCLINE_OK;
    return incline_fail(ctx, INCLINE_ERROR_UNSUPPORTED,
                        "%s: CLBlast needs work-groups of %d, device %s allows %zu; unset "
                        "INCLINE_GEMM",
                        product->label, INCLINE_CLBLAST_GROUP, info->name, info->max_work_group);
}

enum incline_status incline_product_plan(struct incline_context *ctx, struct incline_plan *plan,
                                         const struct incline_product *product)
{
    enum incline_status status = check_build(ctx);
    if (status)
        return status;
    status = check_device(ctx, product, incline_device_get_info(incline_plan_device(plan)));
    if (status)
        return status;
    struct incline_launch launch = {
        .label = product->label,
        .args =
            {
                [INCLINE_PRODUCT_A] = INCLINE_TENSOR(product->a),
                [INCLINE_PRODUCT_B] = INCLINE_TENSOR(product->b),
                [INCLINE_PRODUCT_C] = INCLINE_TENSOR(product->c),
                [INCLINE_PRODUCT_TRANSPOSE_A] = INCLINE_INT(product->transpose_a),
                [INCLINE_PRODUCT_TRANSPOSE_B] = INCLINE_INT(product->transpose_b),
                [INCLINE_PRODUCT_ROWS] = INCLINE_INT(product->rows),
                [INCLINE_PRODUCT_COLUMNS] = INCLINE_INT(product->columns),
                [INCLINE_PRODUCT_INNER] = INCLINE_INT(product->inner),
                [INCLINE_PRODUCT_A_PITCH] = INCLINE_INT(product->a_pitch),
                [INCLINE_PRODUCT_B_PITCH] = INCLINE_INT(product->b_pitch),
                [INCLINE_PRODUCT_C_PITCH] = INCLINE_INT(product->c_pitch),
            },
        .call = incline_clblast_multiply,
    };
    return incline_plan_launch(ctx, plan, &launch);
}

/* The only file that speaks to CLBlast. */
#include "gemm/clblast.h"

#include "device/handles.h"
#include "gemm/gemm.h"

#include <clblast_c.h>

struct code_name {
    CLBlastStatusCode code;
    const char *name;
};

#define CODE(name)                                                                                 \
    {                                                                                              \
        name, #name                                                                                \
    }

static const struct code_name code_names[] = {
    CODE(CLBlastTempBufferAllocFailure),
    CODE(CLBlastOpenCLOutOfResources),
    CODE(CLBlastOpenCLOutOfHostMemory),
    CODE(CLBlastOpenCLBuildProgramFailure),
    CODE(CLBlastInvalidValue),
    CODE(CLBlastInvalidCommandQueue),
    CODE(CLBlastInvalidMemObject),
    CODE(CLBlastInvalidBinary),
    CODE(CLBlastInvalidBuildOptions),
    CODE(CLBlastInvalidProgram),
    CODE(CLBlastInvalidProgramExecutable),
    CODE(CLBlastInvalidKernelName),
    CODE(CLBlastInvalidKernelDefinition),
    CODE(CLBlastInvalidKernel),
    CODE(CLBlastInvalidArgIndex),
    CODE(CLBlastInvalidArgValue),
    CODE(CLBlastInvalidArgSize),
    CODE(CLBlastInvalidKernelArgs),
    CODE(CLBlastInvalidLocalNumDimensions),
    CODE(CLBlastInvalidLocalThreadsTotal),
    CODE(CLBlastInvalidLocalThreadsDim),
    CODE(CLBlastInvalidGlobalOffset),
    CODE(CLBlastInvalidEventWaitList),
    CODE(CLBlastInvalidEvent),
    CODE(CLBlastInvalidOperation),
    CODE(CLBlastInvalidBufferSize),
    CODE(CLBlastInvalidGlobalWorkSize),
    CODE(CLBlastNotImplemented),
    CODE(CLBlastInvalidMatrixA),
    CODE(CLBlastInvalidMatrixB),
    CODE(CLBlastInvalidMatrixC),
    CODE(CLBlastInvalidVectorX),
    CODE(CLBlastInvalidVectorY),
    CODE(CLBlastInvalidDimension),
    CODE(CLBlastInvalidLeadDimA),
    CODE(CLBlastInvalidLeadDimB),
    CODE(CLBlastInvalidLeadDimC),
    CODE(CLBlastInvalidIncrementX),
    CODE(CLBlastInvalidIncrementY),
    CODE(CLBlastInsufficientMemoryA),
    CODE(CLBlastInsufficientMemoryB),
    CODE(CLBlastInsufficientMemoryC),
    CODE(CLBlastInsufficientMemoryX),
    CODE(CLBlastInsufficientMemoryY),
    CODE(CLBlastInsufficientMemoryTemp),
    CODE(CLBlastInvalidBatchCount),
    CODE(CLBlastInvalidOverrideKernel),
    CODE(CLBlastMissingOverrideParameter),
    CODE(CLBlastInvalidLocalMemUsage),
    CODE(CLBlastNoHalfPrecision),
    CODE(CLBlastNoDoublePrecision),
    CODE(CLBlastInvalidVectorScalar),
    CODE(CLBlastInsufficientMemoryScalar),
    CODE(CLBlastDatabaseError),
    CODE(CLBlastUnknownError),
    CODE(CLBlastUnexpectedError),
};

static const char *code_name(CLBlastStatusCode code)
{
    for (size_t i = 0; i < sizeof code_names / sizeof *code_names; i++)
        if (code_names[i].code == code)
            return code_names[i].name;
    return "an unknown code";
}

static enum incline_status fail_product(struct incline_context *ctx,
                                        const struct incline_call *call, CLBlastStatusCode code)
{
    return incline_fail(
        ctx, INCLINE_ERROR_DEVICE,
        "CLBlastSgemm failed with %s (%d) on device %s: a product of %s%s; unset INCLINE_GEMM",
        code_name(code), (int)code, incline_device_get_info(call->device)->name, call->label,
        code == CLBlastInvalidLocalThreadsTotal || code == CLBlastInvalidLocalThreadsDim
            ? ", for which the device's work-groups are too small"
            : "");
}

static cl_mem matrix_of(const struct incline_call *call, int place)
{
    return incline_buffer_handle(incline_tensor_buffer(call->args[place].value.tensor));
}

static size_t size_of(const struct incline_call *call, int place)
{
    int size = call->args[place].value.i;
    if (size == INCLINE_GEMM_IMAGES)
        size = (call->step->images + INCLINE_NB - 1) / INCLINE_NB * INCLINE_NB;
    return (size_t)size;
}

static CLBlastTranspose transpose_of(const struct incline_call *call, int place)
{
    return call->args[place].value.i ? CLBlastTransposeYes : CLBlastTransposeNo;
}

enum incline_status incline_clblast_multiply(struct incline_context *ctx,
                                             const struct incline_call *call)
{
    cl_command_queue queue = incline_device_queue(call->device);
    CLBlastStatusCode code = CLBlastSgemm(
        CLBlastLayoutRowMajor, transpose_of(call, INCLINE_PRODUCT_TRANSPOSE_A),
        transpose_of(call, INCLINE_PRODUCT_TRANSPOSE_B), size_of(call, INCLINE_PRODUCT_ROWS),
        size_of(call, INCLINE_PRODUCT_COLUMNS), size_of(call, INCLINE_PRODUCT_INNER), 1.0f,
        matrix_of(call, INCLINE_PRODUCT_A), 0, size_of(call, INCLINE_PRODUCT_A_PITCH),
        matrix_of(call, INCLINE_PRODUCT_B), 0, size_of(call, INCLINE_PRODUCT_B_PITCH), 0.0f,
        matrix_of(call, INCLINE_PRODUCT_C), 0, size_of(call, INCLINE_PRODUCT_C_PITCH), &queue,
        incline_device_take_event(call->device));
    return code == CLBlastSuccess ? INCLINE_OK : fail_product(ctx, call, code);
}

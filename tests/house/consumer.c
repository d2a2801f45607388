/* What a user of the installed library writes first; scripts/test compiles it against one. */
#include <incline/incline.h>
#include <stdio.h>

int main(void)
{
    struct incline_config *config = NULL;
    struct incline_device *device = NULL;
    struct incline_context *ctx = incline_context_create(NULL, NULL);
    int bad = ctx == NULL ||
              incline_config_load(ctx, "mnist-cnn", NULL, 0, &config) != INCLINE_OK ||
              incline_device_open(ctx, NULL, &device) != INCLINE_OK;
    if (bad)
        fprintf(stderr, "%s\n", ctx ? incline_error_text(ctx) : "out of memory");
    else
        printf("%s, %zu parameters, on %s\n", incline_config_model_name(config),
               incline_config_summary(config)->parameters, incline_device_get_info(device)->name);
    incline_device_close(&device);
    incline_config_destroy(&config);
    incline_context_destroy(&ctx);
    return bad;
}

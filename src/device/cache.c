#include "device/cache.h"

#include "device/opencl.h"

#include <stdlib.h>
#include <string.h>

bool incline_device_cache_is_off(void)
{
    const char *word = getenv("INCLINE_CACHE");
    return word && strcmp(word, "off") == 0;
}

bool incline_device_cache_open(struct incline_context *ctx, struct incline_device *device,
                               const char *part, struct incline_cache_folder *out)
{
    *out = (struct incline_cache_folder){.descriptor = -1};
    if (incline_device_cache_is_off())
        return false;
    if (incline_cache_open(ctx, part, out) == INCLINE_OK)
        return true;
    incline_device_cache_failed(ctx, device, "nothing is kept");
    return false;
}

void incline_device_cache_failed(struct incline_context *ctx, struct incline_device *device,
                                 const char *consequence)
{
    incline_log(ctx, device->cache_failed ? INCLINE_LOG_DEBUG : INCLINE_LOG_WARN, "%s; %s",
                incline_error_text(ctx), consequence);
    incline_error_clear(ctx);
    device->cache_failed = true;
}

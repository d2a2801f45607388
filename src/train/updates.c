#include "train/updates.h"

static size_t update_images(const struct incline_epoch_updates *epoch)
{
    return epoch->batch * (size_t)(epoch->accumulate > 1 ? epoch->accumulate : 1);
}

long long incline_epoch_updates_count(const struct incline_epoch_updates *epoch)
{
    size_t images = update_images(epoch);
    return (long long)((epoch->images + images - 1) / images);
}

struct incline_accumulation incline_epoch_updates_at(const struct incline_epoch_updates *epoch,
                                                     size_t step, int number)
{
    size_t images = update_images(epoch), update = step * epoch->batch / images;
    size_t first = update * images, rest = epoch->images - first;
    size_t end = rest < images ? epoch->images : first + images;
    return (struct incline_accumulation){
        .images = (int)(end - first),
        .earlier_steps = (int)(step - first / epoch->batch),
        .waits = (step + 1) * epoch->batch < end,
        .updates = (number - 1) * incline_epoch_updates_count(epoch) + (long long)update,
    };
}

float incline_ema_share(const struct incline_ema *ema, long long updates, long long epoch_updates)
{
    return updates <= (ema->from_epoch - 1) * epoch_updates ? 1 : (float)(1 - ema->decay);
}

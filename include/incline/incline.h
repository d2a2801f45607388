/* Everything: trains image classifiers on OpenCL devices. See each header for its part. */
#ifndef INCLINE_H
#define INCLINE_H

#include "incline/bench.h"
#include "incline/check.h"
#include "incline/config.h"
#include "incline/data.h"
#include "incline/device.h"
#include "incline/lr_find.h"
#include "incline/network.h"
#include "incline/status.h"
#include "incline/train.h"
#include "incline/tune.h"
#include "incline/version.h"

#endif

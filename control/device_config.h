// From the configuration file to the device.
#pragma once

#include "control/config.h"
#include "protocol/device_change.h"

namespace wgns {

// Makes a device what the configuration says, whatever it was before; the port stays where the
// configuration has none. An endpoint that is a name is left out: EndpointResolver sets it. The
// configuration keeps its secrets.
[[nodiscard]] DeviceChange device_change_of(const Config& config);

}  // namespace wgns

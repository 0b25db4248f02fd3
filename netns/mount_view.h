// The file system as a command inside sees it: the host's, but with the files of /etc/netns/NAME in
// /etc, without the sockets by which a daemon of the host looks names up, and with the namespace's
// own /sys.
//
// /etc and /run become file systems of the command's own that show what was in the host's, entry by
// entry. A file that is only mounted over a host's one would be uncovered as soon as the host puts
// another in its place (the kernel then drops the mount everywhere), and a socket that is not there
// yet cannot be covered at all. The price: what the host makes or replaces at the top of these two
// folders is seen by the next command. What is inside their folders is the host's own, as ever.
//
// Not masked, because too much else hangs on it: D-Bus, by which a program may ask
// org.freedesktop.resolve1 or Avahi if it cares to. nsswitch.conf and libc do not.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace wgns {

struct MountView {
    // A file that is in the view alone.
    struct Text {
        std::string name;  // in /etc
        std::string text;
    };

    std::string files;                  // a folder; its entries take their names' places in /etc
    std::vector<std::string> required;  // paths that must be there, or there is no view
    std::vector<Text> texts = {};       // and these the places of both
};

// Gives the calling process, which has one thread and is inside the network namespace, that view
// for good. Nothing of it is seen outside; only names of namespaces that are made inside are. After
// an error the process must not go on as if it had the view. Needs CAP_SYS_ADMIN and /proc.
[[nodiscard]] Status enter_mount_view(const MountView& view);

}  // namespace wgns

// A user namespace for a caller who is not root (user_namespaces(7)): in it he may make the other
// kinds, and may do in those what root does on the host. He stays who he is: his uid and his gid
// are mapped onto themselves, and nobody else is there, so other users' files are shown as those of
// nobody, and setuid programs give no rights.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace wgns {

// Takes the calling process into a new one for good, with every capability in it. It has one
// thread; one that was just joined may still count.
[[nodiscard]] Status enter_user_namespace();

// What the process may do, whatever it becomes (execve) may do as well; and again not. Without the
// first, a program of ours that is started anew would have lost it, as it is not root's.
[[nodiscard]] Status hand_on_capabilities();
[[nodiscard]] Status keep_capabilities_back();

// The lowest and the highest group that the caller's user namespace knows, "0 2147483647" for all:
// what a setting of the kernel may name.
[[nodiscard]] std::string known_groups();
// The same of a map as user_namespaces(7) has it.
[[nodiscard]] std::string groups_in_map(std::string_view map);

}  // namespace wgns

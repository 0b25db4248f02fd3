// The files that tell programs inside whom to ask for names: /etc/netns/NAME/, which `ip netns
// exec` and our own exec put over /etc (ip-netns(8)).
#pragma once

#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "netns/journal.h"
#include "netns/mount_view.h"

namespace wgns {

inline constexpr const char* netns_files_folder = "/etc/netns";

struct DnsFiles {
    std::vector<IpAddress> servers;
    std::vector<std::string> search;

    [[nodiscard]] bool empty() const noexcept { return servers.empty() && search.empty(); }
};

[[nodiscard]] std::string resolv_conf(const DnsFiles& dns);
// Names by files and DNS alone: no daemon of the host is asked.
[[nodiscard]] std::string nsswitch_conf();

// Makes `root`/NAME with resolv.conf and nsswitch.conf, each noted in the journal before, or brings
// those that it made before up to date. Files of others are never replaced: EEXIST. Without servers
// and domains the user may have files of his own, and only an nsswitch.conf is made, where there is
// none.
[[nodiscard]] Status make_dns_files(const std::string& name, const DnsFiles& dns, Journal& journal,
                                    const std::string& root = netns_files_folder);

// The same files for a view of its own (MountView::texts), which nobody else sees: what
// make_dns_files would make, and the same error where it would replace a file of others.
[[nodiscard]] Result<std::vector<MountView::Text>> dns_texts(
    const std::string& name, const DnsFiles& dns, const std::string& root = netns_files_folder);

}  // namespace wgns

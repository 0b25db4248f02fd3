#include "netns/user_rules.h"

#include <nftables/libnftables.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/assert.h"
#include "base/read_file.h"
#include "base/unique_fd.h"
#include "netns/firewall.h"
#include "netns/netlink.h"

namespace wgns {

namespace {

constexpr const char* operation = "nft";
constexpr std::string_view key_of_lines = "ExtraFirewallRules";
constexpr std::size_t shown_line_bytes_max = 80;

struct FreeContext {
    void operator()(nft_ctx* context) const noexcept { ::nft_ctx_free(context); }
};
using Context = std::unique_ptr<nft_ctx, FreeContext>;

// One text for one transaction, in a file of memory, because nft counts lines in files alone: our
// commands, the lines of the configuration, the user's file.
struct Text {
    UniqueFd file;
    std::vector<std::string> ours;

    [[nodiscard]] std::string name() const { return "/proc/self/fd/" + std::to_string(file.get()); }
};

Result<std::string> read(const std::string& path) {
    std::error_code error;
    const bool is_file = std::filesystem::is_regular_file(path, error);
    if (!is_file && !error) return Error{EINVAL, "read", path, "this is not a file"};
    auto text = read_file(path);
    if (!text) text.error().hint = "ExtraFirewallRulesFile names it";
    return text;
}

std::vector<std::string> our_commands(const std::optional<FirewallPlan>& plan) {
    std::vector<std::string> commands{"flush ruleset"};
    if (!plan) return commands;
    for (std::string& each : commands_for(ruleset_of(*plan)))
        commands.push_back(std::move(each));
    return commands;
}

Result<Text> gather(std::vector<std::string> ours, const UserRules& rules) {
    std::string all;
    for (const auto* lines : {&std::as_const(ours), &rules.lines})
        for (const std::string& line : *lines)
            all += line + "\n";
    if (!rules.file.empty()) {
        const auto more = read(rules.file);
        if (!more) return more.error();
        all += *more + "\n";
    }
    Text text{UniqueFd(::memfd_create("rules", MFD_CLOEXEC)), std::move(ours)};
    if (!text.file) return Error{errno, "memfd_create", "rules", {}};
    if (::write(text.file.get(), all.data(), all.size()) != static_cast<ssize_t>(all.size()))
        return Error{errno, "write", "rules", {}};
    return text;
}

// "NAME:LINE:COLUMNS: Error: WHAT" is how nft begins; lines that show the place follow.
struct Complaint {
    std::string name;
    std::size_t line = 0;
    std::string what;
};

std::optional<Complaint> parse_complaint(std::string_view line) {
    constexpr std::string_view word = ": Error: ";
    const std::size_t error = line.find(word);
    if (error == std::string_view::npos) return std::nullopt;
    Complaint complaint;
    complaint.what = line.substr(error + word.size());
    std::string_view place = line.substr(0, error);
    place = place.substr(0, place.rfind(':'));
    const std::size_t colon = place.rfind(':');
    if (colon == std::string_view::npos) return complaint;
    complaint.name = place.substr(0, colon);
    for (const char digit : place.substr(colon + 1))
        if (digit >= '0' && digit <= '9')
            complaint.line = complaint.line * 10 + static_cast<std::size_t>(digit - '0');
    return complaint;
}

Complaint first_complaint(std::string_view messages) {
    for (std::string_view rest = messages; !rest.empty();) {
        const std::size_t end = rest.find('\n');
        if (auto complaint = parse_complaint(rest.substr(0, end))) return *std::move(complaint);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return {"", 0, std::string(messages.substr(0, messages.find('\n')))};
}

// Where the user finds the line; `complaint` counts from the first line of the user's.
std::string place_of(const Complaint& complaint, const Text& text, const UserRules& rules) {
    if (complaint.line == 0) return rules.lines.empty() ? rules.file : std::string(key_of_lines);
    const bool is_included = complaint.name != text.name();
    if (is_included) return complaint.name + ":" + std::to_string(complaint.line);
    if (complaint.line <= rules.lines.size() || rules.file.empty())
        return std::string(key_of_lines) + ":" + std::to_string(complaint.line);
    return rules.file + ":" + std::to_string(complaint.line - rules.lines.size());
}

std::string hint_for(const Complaint& complaint, const Text& text, const UserRules& rules) {
    const bool is_of_lines = complaint.name == text.name() && complaint.line != 0 &&
                             complaint.line <= rules.lines.size();
    if (!is_of_lines) return "mend it or take it out";
    const std::string& line = rules.lines[complaint.line - 1];
    const bool is_cut = line.size() > shown_line_bytes_max;
    return "mend '" + line.substr(0, shown_line_bytes_max) + (is_cut ? "…" : "") +
           "' or take it out";
}

// What of the kernel's answers has nothing to do with the text, by nft's words; 0: none of these.
int refused_code(const std::string& what) {
    for (const int code : {EPERM, EOPNOTSUPP, EAFNOSUPPORT, EPROTONOSUPPORT})
        if (what.find(std::generic_category().message(code)) != what.npos) return code;
    return 0;
}

// Our own language is right, so the kernel lacks a part, or forbids it.
Error refusal(const std::string& command, const std::string& what) {
    const int code = refused_code(what);
    return {0, operation, command + ": " + what, firewall_hint(code == 0 ? ENOENT : code, command)};
}

Status run(nft_ctx& context, const Text& text, const UserRules& rules) {
    if (::nft_run_cmd_from_filename(&context, text.name().c_str()) == 0) return Done{};
    Complaint complaint = first_complaint(::nft_ctx_get_error_buffer(&context));
    if (complaint.name == text.name() && complaint.line != 0) {
        if (complaint.line <= text.ours.size())
            return refusal(text.ours[complaint.line - 1], complaint.what);
        complaint.line -= text.ours.size();
    }
    if (const int code = refused_code(complaint.what); complaint.line == 0 && code != 0)
        return Error{0, operation, complaint.what, firewall_hint(code, {})};
    return Error{0, operation, place_of(complaint, text, rules) + ": " + complaint.what,
                 hint_for(complaint, text, rules)};
}

// A thread has a working folder of its own, once it no longer shares the process's: `include
// "./more.nft"` means what is beside the configuration.
Status enter_folder(const std::string& folder) {
    if (folder.empty()) return Done{};
    const auto alone = check(::unshare(CLONE_FS), "unshare", "the working folder");
    if (!alone) return alone.error();
    const auto entered = check(::chdir(folder.c_str()), "chdir", folder);
    if (!entered) return entered.error();
    return Done{};
}

// The context's socket belongs to the namespace of the thread that makes it.
Status check_and_apply(const Text& text, const UserRules& rules) {
    const auto reachable = Netlink::open(NETLINK_NETFILTER);
    if (!reachable) return reachable.error();
    auto done = enter_folder(rules.folder);
    if (!done) return done;
    const Context context(::nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context) return Error{ENOMEM, operation, {}, {}};
    ::nft_ctx_buffer_output(context.get());
    ::nft_ctx_buffer_error(context.get());
    if (!rules.folder.empty()) ::nft_ctx_add_include_path(context.get(), rules.folder.c_str());
    ::nft_ctx_set_dry_run(context.get(), true);
    done = run(*context, text, rules);
    if (!done) return done;
    ::nft_ctx_set_dry_run(context.get(), false);
    return run(*context, text, rules);
}

}  // namespace

Status apply_user_rules(const Namespace& ns, ino_t identity,
                        const std::optional<FirewallPlan>& plan, const UserRules& rules) {
    WG_ASSERT(!rules.empty());
    const auto text = gather(our_commands(plan), rules);
    if (!text) return text.error();
    return ns.run([&] {
        auto done = expect_namespace(identity);
        if (done) done = check_and_apply(*text, rules);
        return done;
    });
}

}  // namespace wgns

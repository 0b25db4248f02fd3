// What must hold at every step of a simulation, whatever the network and the hosts go through. Each
// has a name, and is judged from the datagrams on the wire and from what the TUN devices get.
//
//   counter_reuse   no key and counter are used twice
//   key_life        nothing is sent or accepted under a key of 180 s; no key is left after 540 s
//   one_initiation  at most one initiation per 5 s and peer, and none 5 s after a response
//   confirmation    a responder sends no data before the initiator has confirmed the session
//   stranger        nothing goes where no authentic message came from, but cookies under load
//   replay_window   exactly what a plain set of counters allows is written to the TUN, in order
//   healing         soon after the trouble ends everything arrives
//   silence         no packet without a reason
//   link_down       while a host's link is down it has no key and nothing staged, and says nothing
//   bounded         staged packets, and turns without progress
//   integrity       what arrives is what was sent, once, and from the right peer
//   stamps          the time stamps of one host's initiations strictly increase
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "failure.h"
#include "ledger.h"
#include "node.h"
#include "protocol/cookie.h"
#include "session_model.h"

namespace wgns::sim {

class Invariants {
public:
    Invariants(Failures& failures, Ledger& ledger, const SimClock& clock)
        : failures_(failures), ledger_(ledger), clock_(clock) {}

    // What happens to the hosts.
    void started(const Node& node);
    void identity_known(const Node& node);                       // new, or the first
    void identity_changed(const Node& node, std::uint8_t peer);  // to be called on both sides
    void endpoint_set(const Node& node, std::uint8_t peer, const Endpoint& endpoint);
    void keepalive_set(const Node& node, std::uint8_t peer, std::uint16_t seconds);
    void resumed(const Node& node);
    void link_down(const Node& node);
    // Something that a packet to the peer may follow from.
    void stimulus(const Node& node, std::uint8_t peer);

    // A turn of one host: each datagram that it is given, then the turn, then what came of it.
    void before_receiving(const Node& node, const Flight& flight);
    // Returns what has left, for the network. Empties the ports.
    [[nodiscard]] std::vector<Flight> after_turn(const Node& node);
    // Datagrams that changed something since the last call: no use to a stranger who repeats them.
    [[nodiscard]] std::vector<Flight> take_used_up() { return std::exchange(used_up_, {}); }

private:
    struct PeerView {
        TimePoint last_handshake_sent;
        TimePoint last_stimulus;
        TimePoint last_traversal;  // of an authentic message, either way, as far as is known
        std::set<std::pair<IpAddress, std::uint16_t>> endpoints;  // where it may be
        TimePoint keepalive_at;  // from when on one may be sent for data received
        bool another_keepalive = false;
        bool owes_another = false;  // since this turn's keepalive, whatever else it has sent
        std::uint16_t persistent_seconds = 0;
        bool has_new_session = false;  // in this turn, as initiator
        bool has_turned_on = false;    // persistent keepalives, in this turn
        bool has_accepted_data = false;
        bool has_sent = false;
    };
    struct EarlyInitiation {
        Endpoint from;
        TimePoint at;
    };
    struct NodeView {
        explicit NodeView(Failures& failures) : sessions(failures) {}
        SessionModel sessions;
        std::array<PeerView, nodes_max + 1> peers;
        Tai64n last_stamp;
        std::map<std::uint32_t, Endpoint> unanswered;  // initiations of now, by their sender index
        // Those that came while its link was down, which are answered if it is up soon.
        std::map<std::uint32_t, EarlyInitiation> early;
        std::deque<TimePoint> handshakes_received;  // of the last second
        std::vector<std::vector<std::uint8_t>> expected_writes;
        std::vector<Flight> handshakes;  // received in this turn
    };
    struct Identity {
        std::uint8_t number = 0;
        std::shared_ptr<const StaticIdentity> keys;
        std::unique_ptr<MacChecker> checker;
    };

    [[nodiscard]] NodeView& view(const Node& node) { return *views_[node.number]; }
    void fail(const char* invariant, const Node& node, const std::string& what);
    void accept(const Node& node, const Flight& flight, const SessionRecord& record);

    void judge_writes(const Node& node);
    void judge_sessions(const Node& node);
    void judge_staged(const Node& node);
    void judge_link(const Node& node);
    [[nodiscard]] Flight judge_sent(const Node& node, Datagram datagram);
    void judge_data(const Node& node, const Datagram& datagram, Message& message);
    void judge_counter(const Node& node, const DataView& view, SessionRecord& record);
    void judge_content(const Node& node, const SessionRecord& record, Message& message);
    void judge_keepalive(const Node& node, PeerView& peer);
    void judge_initiation(const Node& node, const Datagram& datagram, Message& message);
    void judge_stamp(const Node& node, const Identity& to, Bytes bytes);
    void judge_response(const Node& node, const Datagram& datagram, Message& message);
    [[nodiscard]] bool was_asked(NodeView& mine, std::uint32_t receiver, const Endpoint& to);
    void judge_cookie(const Node& node);
    void judge_destination(const Node& node, const Datagram& datagram, std::uint8_t peer);
    void judge_silence(const Node& node, std::uint8_t peer);
    void end_turn(const Node& node);
    [[nodiscard]] Identity* addressee(Bytes message);

    Failures& failures_;
    Ledger& ledger_;
    const SimClock& clock_;
    SeededEntropy entropy_{1};
    std::array<std::unique_ptr<NodeView>, nodes_max + 1> views_;  // by the node's number
    std::map<PublicKey, Identity> identities_;
    std::set<std::vector<std::uint8_t>> keys_;  // that were ever sent under
    std::vector<Flight> used_up_;
};

}  // namespace wgns::sim

// Packets in and out by io_uring: multishot reads into buffers that the kernel picks, sends and
// writes that go out with the next wait in one system call (io_uring(7), io_uring_enter(2)).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <utility>
#include <vector>

#include "dataplane/buffer_ring.h"
#include "dataplane/io.h"
#include "dataplane/turn.h"
#include "dataplane/udp_socket.h"
#include "dataplane/uring.h"

namespace wgns {

class UringIo final : public Io {
public:
    static Result<std::unique_ptr<Io>> create(Ports ports);

    [[nodiscard]] std::string_view name() const noexcept override { return "uring"; }
    [[nodiscard]] Offloads offloads() const noexcept override { return ports_.offloads; }
    [[nodiscard]] std::uint32_t segments_max() const noexcept override {
        return ports_.segments_max;
    }
    void wait(Duration longest) override;
    [[nodiscard]] bool collect(Turn& turn) override;
    void submit(Turn& turn) override;
    void end() override;
    void set_udp(UniqueFd v4, UniqueFd v6, std::function<void(int error)> done) override;

private:
    enum class Op : std::uint32_t { tun_read, udp_receive, mailbox, udp_send, tun_write, cancel };
    static constexpr bool is_armed_again(Op op) noexcept { return op < Op::udp_send; }
    // What a completion belongs to, in the 64 bits that the kernel hands back.
    struct Token {
        Op op;
        std::uint32_t slot;
        [[nodiscard]] std::uint64_t bits() const noexcept {
            return std::bit_cast<std::uint64_t>(*this);
        }
    };
    enum class Family : std::uint32_t { v4, v6 };
    // A send that the kernel has: its train and message must stay where they are.
    struct Send {
        TrainRef train;
        SendMessage message;
    };
    // Received buffers of one turn, lent out until the writes that point into them are done.
    struct Lent {
        std::vector<std::uint16_t> buffers;
        std::uint32_t writes = 0;  // on their way
    };

    // A filled buffer, and what the kernel said of it.
    struct Arrival {
        std::uint16_t buffer = 0;
        std::int32_t result = 0;
    };
    // In the order in which they came, at most one for each buffer.
    class Arrivals {
    public:
        [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
        void push(Arrival arrival) noexcept {
            WG_ASSERT(count_ < ring_.size());
            ring_[(first_ + count_++) % ring_.size()] = arrival;
        }
        [[nodiscard]] Arrival pop() noexcept {
            --count_;
            return ring_[std::exchange(first_, (first_ + 1) % ring_.size())];
        }

    private:
        std::array<Arrival, std::max(Turn::frames_max, Turn::trains_max)> ring_{};
        std::size_t first_ = 0, count_ = 0;
    };

    // Sockets that were replaced, until the kernel receives by them no more.
    struct Retired {
        std::uint32_t generation = 0;
        std::uint32_t receiving = 0;  // requests under way
        UniqueFd v4, v6;
        std::function<void(int error)> done;
    };

    explicit UringIo(Ports ports);
    Status start();
    void arm_tun();
    void arm_udp(Family family);
    void arm_mailbox();
    void rearm();
    [[nodiscard]] static Token receive_token(std::uint32_t generation, Family family) noexcept;
    [[nodiscard]] int udp(Family family) const noexcept;
    void complete(const io_uring_cqe& cqe, Turn& turn);
    [[nodiscard]] static Arrival arrival_of(const io_uring_cqe& cqe) noexcept;
    [[nodiscard]] bool has_arrivals() const noexcept {
        return !from_tun_.empty() || !from_udp_.empty();
    }
    void tun_arrived(const io_uring_cqe& cqe);
    void udp_arrived(const io_uring_cqe& cqe);
    void lend_frame(Arrival arrival, Turn& turn);
    void lend_train(Arrival arrival, Turn& turn);
    void udp_disarmed(std::uint32_t slot);
    void cancel_udp(Retired& retired, Family family);
    void close_idle();
    void send_done(std::uint32_t slot, int result, Turn& turn);
    void write_done(std::uint32_t slot, int result, Turn& turn);
    void give_back(Lent& lent);

    Ports ports_;
    bool tun_gone_ = false;
    bool has_failed_ = false;  // what will be tried again
    bool is_flooded_ = false;  // by small packets, in the last turn
    bool tun_armed_ = false, mailbox_armed_ = false;
    std::array<bool, 2> udp_armed_{};
    std::uint32_t udp_generation_ = 0;  // how often the sockets were replaced
    std::vector<Retired> retired_;
    std::unique_ptr<BufferRing> tun_buffers_;
    std::unique_ptr<BufferRing> udp_buffers_;
    msghdr receive_{};  // the shape of every received message
    std::vector<Send> sends_;
    std::vector<std::uint32_t> free_sends_;
    Arrivals from_tun_, from_udp_;  // not lent yet
    std::vector<std::uint16_t> tun_lent_;
    std::array<Lent, 8> lent_;  // a ring of turns; more than one only while writes are slow
    std::size_t lent_now_ = 0;
    std::unique_ptr<Uring> ring_;  // uses what is above, and so ends before it
};

}  // namespace wgns

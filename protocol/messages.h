// The four messages on the wire (whitepaper 5.4.2 to 5.4.7). Holding a view is the proof that type
// and size were checked, so no accessor checks again. Views live as long as the bytes that they
// were parsed from.
//
// clang-format off
//   initiation  type:4 | sender:4 | ephemeral:32 | static:48 | timestamp:28 | mac1:16 | mac2:16
//   response    type:4 | sender:4 | receiver:4 | ephemeral:32 | nothing:16 | mac1:16 | mac2:16
//   cookie      type:4 | receiver:4 | nonce:24 | cookie:32
//   data        type:4 | receiver:4 | counter:8 | ciphertext | tag:16
// clang-format on
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "crypto/secret.h"

namespace wgns {

// The first byte and the three reserved zeros behind it, as one little-endian number.
enum class MessageType : std::uint32_t { initiation = 1, response = 2, cookie_reply = 3, data = 4 };

inline constexpr std::size_t initiation_size = 148;
inline constexpr std::size_t response_size = 92;
inline constexpr std::size_t cookie_reply_size = 64;
inline constexpr std::size_t data_header_size = 16;
inline constexpr std::size_t data_overhead = data_header_size + 16;  // and the tag
inline constexpr std::size_t mac_size = 16;

using InitiationMessage = std::array<std::uint8_t, initiation_size>;
using ResponseMessage = std::array<std::uint8_t, response_size>;
using CookieReplyMessage = std::array<std::uint8_t, cookie_reply_size>;

// Nothing: an unknown type, reserved bytes that are not zero, or a size that the type does not
// have.
[[nodiscard]] inline std::optional<MessageType> classify_message(Bytes datagram) noexcept {
    if (datagram.size() < 4) return std::nullopt;
    const auto type = load_le<MessageType>(datagram);
    const auto has = [&](std::size_t size) { return datagram.size() == size; };
    switch (type) {
        case MessageType::data:
            return datagram.size() >= data_overhead ? std::optional(type) : std::nullopt;
        case MessageType::initiation:
            return has(initiation_size) ? std::optional(type) : std::nullopt;
        case MessageType::response:
            return has(response_size) ? std::optional(type) : std::nullopt;
        case MessageType::cookie_reply:
            return has(cookie_reply_size) ? std::optional(type) : std::nullopt;
    }
    return std::nullopt;
}

namespace detail {
[[nodiscard]] inline PublicKey public_key_at(Bytes bytes) noexcept {
    PublicKey key;
    copy_bytes(key.bytes, bytes.first(key.bytes.size()));
    return key;
}
}  // namespace detail

// What the macs cover and where they stand; the same for initiation and response.
[[nodiscard]] inline Bytes before_mac1(Bytes message) noexcept {
    return message.first(message.size() - 2 * mac_size);
}
[[nodiscard]] inline Bytes before_mac2(Bytes message) noexcept {
    return message.first(message.size() - mac_size);
}
[[nodiscard]] inline Bytes mac1_of(Bytes message) noexcept {
    return message.subspan(message.size() - 2 * mac_size, mac_size);
}
[[nodiscard]] inline Bytes mac2_of(Bytes message) noexcept {
    return message.last(mac_size);
}
// Who sent an initiation or a response.
[[nodiscard]] inline std::uint32_t sender_of(Bytes message) noexcept {
    return load_le<std::uint32_t>(message.subspan(4));
}

class InitiationView {
public:
    static constexpr std::size_t ephemeral_at = 8, static_at = 40, timestamp_at = 88, mac1_at = 116;

    [[nodiscard]] static std::optional<InitiationView> parse(Bytes datagram) noexcept {
        if (classify_message(datagram) != MessageType::initiation) return std::nullopt;
        return InitiationView(datagram);
    }
    [[nodiscard]] std::uint32_t sender() const noexcept { return sender_of(bytes_); }
    [[nodiscard]] PublicKey ephemeral() const noexcept {
        return detail::public_key_at(bytes_.subspan(ephemeral_at));
    }
    [[nodiscard]] Bytes sealed_static() const noexcept { return bytes_.subspan(static_at, 48); }
    [[nodiscard]] Bytes sealed_timestamp() const noexcept {
        return bytes_.subspan(timestamp_at, 28);
    }

private:
    explicit InitiationView(Bytes checked) noexcept : bytes_(checked) {}
    Bytes bytes_;
};

class ResponseView {
public:
    static constexpr std::size_t receiver_at = 8, ephemeral_at = 12, nothing_at = 44, mac1_at = 60;

    [[nodiscard]] static std::optional<ResponseView> parse(Bytes datagram) noexcept {
        if (classify_message(datagram) != MessageType::response) return std::nullopt;
        return ResponseView(datagram);
    }
    [[nodiscard]] std::uint32_t sender() const noexcept { return sender_of(bytes_); }
    [[nodiscard]] std::uint32_t receiver() const noexcept {
        return load_le<std::uint32_t>(bytes_.subspan(receiver_at));
    }
    [[nodiscard]] PublicKey ephemeral() const noexcept {
        return detail::public_key_at(bytes_.subspan(ephemeral_at));
    }
    [[nodiscard]] Bytes sealed_nothing() const noexcept { return bytes_.subspan(nothing_at, 16); }

private:
    explicit ResponseView(Bytes checked) noexcept : bytes_(checked) {}
    Bytes bytes_;
};

class CookieReplyView {
public:
    static constexpr std::size_t nonce_at = 8, cookie_at = 32;

    [[nodiscard]] static std::optional<CookieReplyView> parse(Bytes datagram) noexcept {
        if (classify_message(datagram) != MessageType::cookie_reply) return std::nullopt;
        return CookieReplyView(datagram);
    }
    [[nodiscard]] std::uint32_t receiver() const noexcept {
        return load_le<std::uint32_t>(bytes_.subspan(4));
    }
    [[nodiscard]] std::span<const std::uint8_t, 24> nonce() const noexcept {
        return bytes_.subspan<nonce_at, 24>();
    }
    [[nodiscard]] Bytes sealed_cookie() const noexcept { return bytes_.subspan(cookie_at); }

private:
    explicit CookieReplyView(Bytes checked) noexcept : bytes_(checked) {}
    Bytes bytes_;
};

class DataView {
public:
    [[nodiscard]] static std::optional<DataView> parse(Bytes datagram) noexcept {
        if (classify_message(datagram) != MessageType::data) return std::nullopt;
        return DataView(datagram);
    }
    [[nodiscard]] std::uint32_t receiver() const noexcept {
        return load_le<std::uint32_t>(bytes_.subspan(4));
    }
    [[nodiscard]] std::uint64_t counter() const noexcept {
        return load_le<std::uint64_t>(bytes_.subspan(8));
    }
    [[nodiscard]] Bytes sealed() const noexcept {
        return bytes_.subspan(data_header_size);
    }  // with its tag

private:
    explicit DataView(Bytes checked) noexcept : bytes_(checked) {}
    Bytes bytes_;
};

inline void write_data_header(MutableBytes datagram, std::uint32_t receiver,
                              std::uint64_t counter) noexcept {
    store_le(datagram, MessageType::data);
    store_le(datagram.subspan(4), receiver);
    store_le(datagram.subspan(8), counter);
}

}  // namespace wgns

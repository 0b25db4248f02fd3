#include "crypto/aead_ipsecmb.h"

#include <cerrno>

#ifdef WGNS_IPSECMB

#include <intel-ipsec-mb.h>

#include <algorithm>
#include <array>
#include <memory>

namespace wgns {

namespace {

struct FreeManager {
    void operator()(IMB_MGR* manager) const noexcept { ::free_mb_mgr(manager); }
};
using Manager = std::unique_ptr<IMB_MGR, FreeManager>;

class AeadIpsecmb final : public Aead {
public:
    explicit AeadIpsecmb(Manager manager) noexcept : manager_(std::move(manager)) {}
    ~AeadIpsecmb() override { wipe({reinterpret_cast<std::uint8_t*>(tags_.data()), sizeof tags_}); }

    [[nodiscard]] std::string_view name() const noexcept override { return "ipsecmb"; }

    void seal(std::span<AeadJob> jobs) noexcept override {
        in_batches(jobs, [this](std::span<AeadJob> batch) {
            for (std::size_t i = 0; i < batch.size(); ++i)
                submit(batch[i], IMB_DIR_ENCRYPT, i, batch[i].output + batch[i].text_size);
            finish();
        });
    }

    void open(std::span<AeadJob> jobs) noexcept override {
        in_batches(jobs, [this](std::span<AeadJob> batch) {
            for (std::size_t i = 0; i < batch.size(); ++i)
                submit(batch[i], IMB_DIR_DECRYPT, i, tags_[i].data());
            finish();
            for (std::size_t i = 0; i < batch.size(); ++i)
                judge(batch[i], tags_[i]);
        });
    }

private:
    // The library's queue takes twice as many, so it never answers before finish() unless it wants
    // to.
    static constexpr std::size_t batch_max = IMB_MAX_BURST_SIZE;
    using Tag = std::array<std::uint8_t, aead_tag_size>;

    template <class Run>
    static void in_batches(std::span<AeadJob> jobs, Run run) noexcept {
        while (!jobs.empty()) {
            const std::size_t count = std::min(jobs.size(), batch_max);
            run(jobs.first(count));
            jobs = jobs.subspan(count);
        }
    }

    void submit(const AeadJob& job, IMB_CIPHER_DIRECTION direction, std::size_t place,
                std::uint8_t* tag) noexcept {
        WG_ASSERT(job.key != nullptr);
        std::array<std::uint8_t, 12>& nonce = nonces_[place];
        store_le(MutableBytes(nonce).subspan(4), job.counter);
        IMB_JOB& imb = *IMB_GET_NEXT_JOB(manager_.get());
        imb.cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
        imb.hash_alg = IMB_AUTH_CHACHA20_POLY1305;
        imb.cipher_direction = direction;
        imb.chain_order =
            direction == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
        imb.enc_keys = imb.dec_keys = job.key->bytes().data();
        imb.key_len_in_bytes = AeadKey::size;
        imb.iv = nonce.data();
        imb.iv_len_in_bytes = nonce.size();
        imb.src = job.input;
        imb.dst = job.output;
        imb.cipher_start_src_offset_in_bytes = imb.hash_start_src_offset_in_bytes = 0;
        imb.msg_len_to_cipher_in_bytes = imb.msg_len_to_hash_in_bytes = job.text_size;
        imb.u.CHACHA20_POLY1305.aad = nonce.data();
        imb.u.CHACHA20_POLY1305.aad_len_in_bytes = 0;
        imb.auth_tag_output = tag;
        imb.auth_tag_output_len_in_bytes = aead_tag_size;
        IMB_SUBMIT_JOB_NOCHECK(manager_.get());
    }

    void finish() noexcept {
        while (IMB_FLUSH_JOB(manager_.get())) {
        }
    }

    // The tag that came stands behind the text in the input, where decryption in place left it.
    static void judge(AeadJob& job, const Tag& tag) noexcept {
        job.authentic = equal_constant_time(tag, {job.input + job.text_size, aead_tag_size});
        if (!job.authentic) wipe({job.output, job.text_size});
    }

    Manager manager_;
    std::array<std::array<std::uint8_t, 12>, batch_max> nonces_{};
    std::array<Tag, batch_max> tags_{};
};

}  // namespace

Result<std::unique_ptr<Aead>> make_aead_ipsecmb() {
    Manager manager(::alloc_mb_mgr(0));
    if (!manager) return Error{ENOMEM, "intel-ipsec-mb", {}, {}};
    if ((manager->features & IMB_FEATURE_AVX2) == 0)
        return Error{ENOTSUP, "intel-ipsec-mb", {}, "the CPU has no AVX2: use sodium"};
    ::init_mb_mgr_auto(manager.get(), nullptr);
    return std::unique_ptr<Aead>(std::make_unique<AeadIpsecmb>(std::move(manager)));
}

}  // namespace wgns

#else

namespace wgns {

Result<std::unique_ptr<Aead>> make_aead_ipsecmb() {
    return Error{ENOTSUP, "intel-ipsec-mb", {}, "this program was built without it: use sodium"};
}

}  // namespace wgns

#endif

// The method `instance_profile`: whatever role this machine or container was given.
#include "aws/auth/sources.h"

namespace polysync::aws {
namespace {

class InstanceProfileSource final : public CredentialsSource {
  public:
    explicit InstanceProfileSource(const SourceContext& context)
        : container_(make_container(context)), instance_(make_instance_metadata(context)) {}

    Async<Result<Credentials>> fetch() override {
        Result<Credentials> keys = co_await container_->fetch();
        if (keys || keys.error().kind != ErrorKind::not_found) co_return keys;
        Result<Credentials> instance_keys = co_await instance_->fetch();
        if (!instance_keys && instance_keys.error().kind == ErrorKind::not_found) {
            instance_keys.error().kind = ErrorKind::credentials;  // nothing comes after it
        }
        co_return instance_keys;
    }
    bool outlives_expiry() const override { return true; }

  private:
    SourcePtr container_, instance_;
};

}  // namespace

SourcePtr make_instance_profile(const SourceContext& context) {
    return std::make_unique<InstanceProfileSource>(context);
}

}  // namespace polysync::aws

#include "aws/core/error_codes.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace polysync::aws {
namespace {

struct KnownCode {
    std::string_view code;
    ErrorTraits traits;
};

constexpr ErrorTraits throttled{ErrorKind::throttled, RetryClass::throttled};
constexpr ErrorTraits transient{ErrorKind::transient, RetryClass::transient};
constexpr ErrorTraits expired{ErrorKind::credentials, RetryClass::expired_credentials};
constexpr ErrorTraits unknown_key{ErrorKind::credentials, RetryClass::unknown_credentials};
constexpr ErrorTraits credentials{ErrorKind::credentials, RetryClass::never};
constexpr ErrorTraits skewed{ErrorKind::clock_skew, RetryClass::never};
constexpr ErrorTraits denied{ErrorKind::access_denied, RetryClass::never};
constexpr ErrorTraits not_found{ErrorKind::not_found, RetryClass::never};
constexpr ErrorTraits contention{ErrorKind::contention, RetryClass::never};
constexpr ErrorTraits conflict{ErrorKind::conflict, RetryClass::never};
constexpr ErrorTraits unsupported{ErrorKind::unsupported, RetryClass::never};
constexpr ErrorTraits rejected{ErrorKind::rejected, RetryClass::never};

// Sorted by code.
constexpr KnownCode known_codes[] = {
    {"AccessDenied", denied},
    {"AccessDeniedException", denied},
    {"AlreadyExistsException", conflict},
    {"AuthFailure", credentials},
    {"BandwidthLimitExceeded", throttled},
    {"ConcurrentRunsExceededException", contention},
    {"ConflictException", conflict},
    {"EC2ThrottledException", throttled},
    {"EntityNotFoundException", not_found},
    {"ExecutionAlreadyExists", conflict},
    {"ExecutionDoesNotExist", not_found},
    {"ExecutionLimitExceeded", contention},
    {"ExpiredToken", expired},
    {"ExpiredTokenException", expired},
    {"IDPCommunicationError", transient},
    {"IDPRejectedClaim", credentials},
    {"IncompleteSignature", credentials},
    {"IncompleteSignatureException", credentials},
    {"InternalError", transient},
    {"InternalFailure", transient},
    {"InternalServerError", transient},
    {"InternalServerException", transient},
    {"InternalServiceError", transient},
    {"InternalServiceException", transient},
    {"InvalidAccessKeyId", unknown_key},
    {"InvalidClientTokenId", unknown_key},
    {"InvalidIdentityToken", credentials},
    {"InvalidSignatureException", credentials},
    {"KmsAccessDeniedException", denied},
    {"KmsThrottled", throttled},
    {"KmsThrottlingException", throttled},
    {"LimitExceededException", throttled},
    {"MissingAuthenticationToken", credentials},
    {"MissingAuthenticationTokenException", credentials},
    {"NotAuthorized", denied},
    {"OperationTimeoutException", transient},
    {"OptInRequired", denied},
    {"PriorRequestNotComplete", throttled},
    {"ProvisionedThroughputExceededException", throttled},
    {"RegionDisabledException", denied},
    {"RequestExpired", skewed},
    {"RequestInTheFuture", skewed},
    {"RequestLimitExceeded", throttled},
    {"RequestThrottled", throttled},
    {"RequestThrottledException", throttled},
    {"RequestTimeTooSkewed", skewed},
    {"RequestTimeout", transient},
    {"RequestTimeoutException", transient},
    {"ResourceLimitExceeded", contention},
    {"ResourceNotFound", not_found},
    {"ResourceNotFoundException", not_found},
    {"ResourceNumberLimitExceededException", contention},
    {"ServerException", transient},
    {"ServiceUnavailable", transient},
    {"ServiceUnavailableException", transient},
    {"SignatureDoesNotMatch", credentials},
    {"SlowDown", throttled},
    {"StateMachineDoesNotExist", not_found},
    {"StateMachineTypeNotSupported", unsupported},
    {"ThrottledException", throttled},
    {"Throttling", throttled},
    {"ThrottlingException", throttled},
    {"TooManyRequestsException", throttled},
    {"TransactionInProgressException", throttled},
    {"UnauthorizedOperation", denied},
    {"UnrecognizedClientException", unknown_key},
};
static_assert(std::is_sorted(std::begin(known_codes), std::end(known_codes),
                             [](const KnownCode& a, const KnownCode& b) { return a.code < b.code; }));

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

ErrorTraits by_status(int http_status) {
    if (http_status == 429) return throttled;
    if (http_status == 408 || http_status >= 500) return transient;
    if (http_status == 401 || http_status == 403) return denied;
    return rejected;
}

}  // namespace

ErrorTraits classify_error(std::string_view code, std::string_view message, int http_status) {
    auto known =
        std::lower_bound(std::begin(known_codes), std::end(known_codes), code,
                         [](const KnownCode& one, std::string_view wanted) { return one.code < wanted; });
    if (known == std::end(known_codes) || known->code != code) {
        // Step Functions answers so to every question about an Express execution (aws-facts 5.2).
        if (code == "InvalidArn" && contains(message, "express")) return unsupported;
        if (code.ends_with("NotFoundException") && http_status < 500) return not_found;
        return by_status(http_status);
    }
    bool is_signature = code == "InvalidSignatureException" || code == "SignatureDoesNotMatch";
    if (is_signature &&
        (contains(message, "Signature expired") || contains(message, "Signature not yet current")))
        return skewed;
    return known->traits;
}

}  // namespace polysync::aws

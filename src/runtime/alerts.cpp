#include "runtime/alerts.h"

#include <boost/json/serialize.hpp>

namespace polysync::runtime {

Status raise_alert(store::Transaction& transaction, SystemTime at, std::string kind, std::string subject,
                   std::string dedupe, const boost::json::object& document) {
    store::Alert alert{.at = at,
                       .kind = std::move(kind),
                       .subject = std::move(subject),
                       .dedupe = std::move(dedupe),
                       .document = boost::json::serialize(document)};
    POLYSYNC_TRY(bool fresh, transaction.put_alert(alert));
    if (!fresh) return success();
    auto told = document;
    told["kind"] = alert.kind;
    store::Event event{
        .at = at, .type = "alert", .subject = alert.subject, .document = boost::json::serialize(told)};
    return transaction.append_events(std::span(&event, 1));
}

}  // namespace polysync::runtime

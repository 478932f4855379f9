// Rows as the API shows them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <boost/json/object.hpp>

#include "engine/catalog.h"
#include "runtime/operations.h"
#include "store/store.h"

namespace polysync::api {

// Names of what rows refer to by id: of the catalog, else (deleted objects) of the store.
class Names {
  public:
    explicit Names(std::shared_ptr<const engine::Catalog> catalog) : catalog_(std::move(catalog)) {}

    [[nodiscard]] const engine::Catalog& catalog() const { return *catalog_; }
    // `transaction` may be null: what the catalog does not know is then shown as "#17".
    [[nodiscard]] std::string task(ObjectId id, store::ReadTransaction* transaction);
    [[nodiscard]] std::string platform(ObjectId id, store::ReadTransaction* transaction);
    [[nodiscard]] std::string chain(const RunKey& key);

  private:
    [[nodiscard]] std::string gone(ObjectId id, store::ReadTransaction* transaction);

    std::shared_ptr<const engine::Catalog> catalog_;
    std::map<ObjectId, std::string> gone_, roots_;
};

[[nodiscard]] boost::json::object run_json(const TaskRun& run, Names& names,
                                           store::ReadTransaction* transaction);
[[nodiscard]] boost::json::object attempt_json(const Attempt& attempt);
[[nodiscard]] boost::json::object history_json(const HistoryEntry& entry);
[[nodiscard]] boost::json::object object_json(const store::Object& object, const store::Pause* pause);
[[nodiscard]] boost::json::object pause_json(const store::Pause& pause);
[[nodiscard]] boost::json::object backfill_json(const store::Backfill& backfill, Names& names,
                                                store::ReadTransaction* transaction);
[[nodiscard]] boost::json::object alert_json(const store::Alert& alert);
[[nodiscard]] boost::json::object audit_json(const store::AuditEntry& entry);
// {"items": […], "next": …}
[[nodiscard]] boost::json::object page_json(boost::json::array items, const std::string& next);
// {"runs": [ids], "refused": [{run, code, detail}]}
[[nodiscard]] boost::json::object bulk_json(const std::vector<RunId>& runs,
                                            const std::vector<std::pair<RunId, Error>>& refused);

// Stored JSON text; {} where it is empty or cannot be read.
[[nodiscard]] boost::json::value stored_json(const std::string& text);

}  // namespace polysync::api

// The admin endpoint, /_sandbox/…: changes and reads the World. Unsigned, JSON in and out; every unknown path
// or member is refused with what is known.
#pragma once

#include <functional>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "sandbox/http.h"
#include "sandbox/metadata.h"
#include "sandbox/world.h"

namespace polysync::sandbox {

class Admin {
  public:
    // Both outlive it.
    Admin(World& world, Metadata& metadata) : world_(world), metadata_(metadata) {}

    [[nodiscard]] HttpAnswer handle(const HttpRequest& request);
    // Adds the server's figures to the books.
    void show_connections(std::function<void(boost::json::object&)> add) {
        add_connections_ = std::move(add);
    }

  private:
    // What POST and GET of "/_sandbox/<path>" do; `path` without the prefix.
    Result<boost::json::object> change(std::string_view path, const boost::json::object& document);
    Result<boost::json::object> read(std::string_view path);

    Result<boost::json::object> change_service(std::string_view path, const boost::json::object& document);
    Result<boost::json::object> change_settings(const boost::json::object& document);
    Result<boost::json::object> change_time(const boost::json::object& document);
    Result<boost::json::object> change_credentials(const boost::json::object& document);
    Result<boost::json::object> change_role(const boost::json::object& document);
    Result<boost::json::object> change_provider(const boost::json::object& document);
    Result<boost::json::object> change_denials(const boost::json::object& document);
    Result<boost::json::object> change_faults(const boost::json::object& document);
    Result<boost::json::object> make_token(const boost::json::object& document);
    boost::json::object settings() const;
    boost::json::object time() const;
    boost::json::object books() const;

    World& world_;
    Metadata& metadata_;
    std::function<void(boost::json::object&)> add_connections_;
};

}  // namespace polysync::sandbox

#include "aws/core/query.h"

#include "aws/auth/sigv4_canonical.h"

namespace polysync::aws {

QueryForm::QueryForm(std::string_view action, std::string_view version) : text_("Action=") {
    text_ += action;
    text_ += "&Version=";
    text_ += version;
}

QueryForm& QueryForm::add(std::string_view name, std::string_view value) {
    text_ += '&';
    append_percent_encoded(name, false, text_);
    text_ += '=';
    append_percent_encoded(value, false, text_);
    return *this;
}

QueryForm& QueryForm::add_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : add(name, value);
}

}  // namespace polysync::aws

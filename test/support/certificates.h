// A certificate authority for one test, and server certificates signed by it.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "test/support/scripted_server.h"

namespace polysync::test {

class CertificateAuthority {
  public:
    CertificateAuthority() : key_(make_key()), certificate_(X509_new()) {
        begin(certificate_.get(), "Polysync test authority", key_.get(),
              X509_get_subject_name(certificate_.get()));
        extend(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
        extend(certificate_.get(), certificate_.get(), NID_key_usage, "critical,keyCertSign");
        X509_sign(certificate_.get(), key_.get(), EVP_sha256());
    }

    // A certificate for `names`, as OpenSSL writes them: "IP:127.0.0.1", "DNS:example.test".
    [[nodiscard]] ServerCertificate issue(const std::string& names) const {
        Key key = make_key();
        Certificate certificate(X509_new());
        begin(certificate.get(), "server", key.get(), X509_get_subject_name(certificate_.get()));
        extend(certificate.get(), certificate_.get(), NID_subject_alt_name, names.c_str());
        X509_sign(certificate.get(), key_.get(), EVP_sha256());
        return {pem(certificate.get()), pem(key.get())};
    }
    [[nodiscard]] std::string certificate_pem() const { return pem(certificate_.get()); }

  private:
    template <auto Free>
    struct Deleter {
        template <class T>
        void operator()(T* object) const {
            Free(object);
        }
    };
    using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
    using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;

    static Key make_key() {
        Key key(EVP_EC_gen("P-256"));
        if (!key) throw std::runtime_error("OpenSSL cannot make a key");
        return key;
    }
    static void begin(X509* certificate, const char* name, EVP_PKEY* key, const X509_NAME* issuer) {
        static long serial = 1;
        X509_set_version(certificate, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
        X509_set_issuer_name(certificate, issuer);
        X509_set_pubkey(certificate, key);
    }
    static void extend(X509* certificate, X509* issuer, int id, const char* value) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }
    template <class T>
    static std::string pem(T* object) {
        BIO* bio = BIO_new(BIO_s_mem());
        if constexpr (std::is_same_v<T, X509>) {
            PEM_write_bio_X509(bio, object);
        } else {
            PEM_write_bio_PrivateKey(bio, object, nullptr, nullptr, 0, nullptr, nullptr);
        }
        char* data = nullptr;
        long size = BIO_get_mem_data(bio, &data);
        std::string text(data, std::size_t(size));
        BIO_free(bio);
        return text;
    }

    Key key_;
    Certificate certificate_;
};

}  // namespace polysync::test

// OpenSSL's headers, and the functions of its libraries as a table that is filled when they are first needed. Nothing is linked: a charger
// that speaks plain ws:// does not map libssl and libcrypto, which take 2 MiB of memory and 3 ms of every start (README of Shared/TLS).
#pragma once
#include <dlfcn.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Macros with a cast, which Swift does not see.
static const uint64_t copenssl_options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;

// Each function that Shared/TLS calls; the compiler takes its type from the header of OpenSSL.
#define COPENSSL_FUNCTIONS(F) \
    F(OPENSSL_init_ssl) F(ERR_clear_error) F(ERR_peek_last_error) F(ERR_reason_error_string) \
    F(OPENSSL_sk_num) F(OPENSSL_sk_value) \
    F(BIO_new) F(BIO_s_mem) F(BIO_new_mem_buf) F(BIO_free) F(BIO_read) F(BIO_write) F(BIO_ctrl_pending) \
    F(PEM_read_bio_X509) F(PEM_read_bio_X509_CRL) F(PEM_read_bio_PrivateKey) F(EVP_PKEY_free) \
    F(TLS_client_method) F(TLS_server_method) F(SSL_CTX_new) F(SSL_CTX_free) F(SSL_CTX_ctrl) F(SSL_CTX_set_options) \
    F(SSL_CTX_set_cipher_list) F(SSL_CTX_set_ciphersuites) F(SSL_CTX_set_security_level) F(SSL_CTX_set_verify) \
    F(SSL_CTX_set_cert_verify_callback) F(SSL_CTX_get_cert_store) F(SSL_CTX_get0_param) \
    F(SSL_CTX_use_certificate) F(SSL_CTX_use_PrivateKey) F(SSL_CTX_set_session_id_context) \
    F(SSL_new) F(SSL_free) F(SSL_ctrl) F(SSL_set_bio) F(SSL_set_connect_state) F(SSL_set_accept_state) \
    F(SSL_set_ex_data) F(SSL_get_ex_data) F(SSL_get_ex_data_X509_STORE_CTX_idx) F(SSL_get0_param) \
    F(SSL_do_handshake) F(SSL_read) F(SSL_write) F(SSL_shutdown) F(SSL_set_shutdown) F(SSL_get_error) \
    F(SSL_set_session) F(SSL_get1_session) F(SSL_session_reused) F(SSL_SESSION_free) F(SSL_SESSION_is_resumable) \
    F(SSL_get_version) F(SSL_get_current_cipher) F(SSL_CIPHER_get_name) \
    F(X509_free) F(X509_CRL_free) F(X509_STORE_add_cert) F(X509_STORE_add_crl) F(X509_verify_cert) \
    F(X509_verify_cert_error_string) F(X509_get0_notBefore) F(X509_get0_notAfter) F(X509_get_subject_name) \
    F(X509_get_issuer_name) F(X509_get_ext_d2i) F(X509_NAME_get_text_by_NID) F(ASN1_TIME_to_tm) \
    F(ASN1_STRING_get0_data) F(ASN1_STRING_length) F(GENERAL_NAME_get0_value) F(GENERAL_NAMES_free) \
    F(X509_STORE_CTX_get0_chain) F(X509_STORE_CTX_get_error) F(X509_STORE_CTX_get_error_depth) F(X509_STORE_CTX_get_current_cert) \
    F(X509_STORE_CTX_get_ex_data) F(X509_STORE_CTX_set_verify_cb) F(X509_VERIFY_PARAM_set1_host) \
    F(X509_VERIFY_PARAM_set1_ip_asc) F(X509_VERIFY_PARAM_set_hostflags) F(X509_VERIFY_PARAM_set_time) \
    F(X509_VERIFY_PARAM_set_flags)

#define COPENSSL_FIELD(name) __typeof__(name) *name;
struct copenssl { COPENSSL_FUNCTIONS(COPENSSL_FIELD) };
#undef COPENSSL_FIELD

// Fills `table` from the library that `libssl` is a handle of, and those that it needs itself.
// Returns the name of the first function that is missing; NULL when all are there.
static inline const char *copenssl_fill(void *libssl, struct copenssl *table) {
#define COPENSSL_LOOK_UP(name) \
    table->name = (__typeof__(name) *)dlsym(libssl, #name); \
    if (!table->name) return #name;
    COPENSSL_FUNCTIONS(COPENSSL_LOOK_UP)
#undef COPENSSL_LOOK_UP
    return 0;
}

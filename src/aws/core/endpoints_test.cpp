// PLAT-1: every partition, FIPS, dual-stack and an endpoint override. The host names are those that
// botocore's endpoint rules give (aws-facts 11.2; its version 1.29 gives the same where it knows the region).
#include "aws/core/endpoints.h"

#include <gtest/gtest.h>

#include "aws/batch/operations.h"
#include "aws/core/operation.h"
#include "aws/core/partitions.h"
#include "aws/glue/operations.h"
#include "aws/logs/operations.h"
#include "aws/sagemaker/operations.h"
#include "aws/states/operations.h"
#include "aws/sts/operations.h"

namespace polysync::aws {
namespace {

constexpr ServiceInfo secrets{
    "secretsmanager", "SECRETS_MANAGER", "secretsmanager", "secretsmanager", Protocol::json_1_1, "", ""};
constexpr ServiceInfo sqs{"sqs", "SQS", "sqs", "sqs", Protocol::json_1_0, "", ""};

EndpointOptions in(std::string region) {
    EndpointOptions options;
    options.region = std::move(region);
    return options;
}

std::string url_of(const EndpointOptions& options, const ServiceInfo& service, std::string_view prefix = {}) {
    Operation operation;
    operation.service = &service;
    operation.endpoint_prefix = prefix;
    auto endpoint = resolve_endpoint(options, operation);
    return endpoint ? endpoint.value().url : endpoint.error().code;
}

struct HostCase {
    const ServiceInfo& service;
    const char* region;
    const char* hosts[4];  // usual, FIPS, dual-stack, both
};

TEST(Endpoints, HostNames) {
    const HostCase cases[] = {
        {glue::service,
         "us-east-1",
         {"glue.us-east-1.amazonaws.com", "glue-fips.us-east-1.amazonaws.com", "glue.us-east-1.api.aws",
          "glue-fips.us-east-1.api.aws"}},
        {glue::service,
         "cn-north-1",
         {"glue.cn-north-1.amazonaws.com.cn", "glue-fips.cn-north-1.amazonaws.com.cn",
          "glue.cn-north-1.api.amazonwebservices.com.cn",
          "glue-fips.cn-north-1.api.amazonwebservices.com.cn"}},
        {glue::service,
         "us-gov-west-1",
         {"glue.us-gov-west-1.amazonaws.com", "glue-fips.us-gov-west-1.amazonaws.com",
          "glue.us-gov-west-1.api.aws", "glue-fips.us-gov-west-1.api.aws"}},
        {glue::service,
         "eusc-de-east-1",
         {"glue.eusc-de-east-1.amazonaws.eu", "glue-fips.eusc-de-east-1.amazonaws.eu",
          "glue.eusc-de-east-1.api.amazonwebservices.eu",
          "glue-fips.eusc-de-east-1.api.amazonwebservices.eu"}},
        {glue::service,
         "us-iso-east-1",
         {"glue.us-iso-east-1.c2s.ic.gov", "glue-fips.us-iso-east-1.c2s.ic.gov",
          "glue.us-iso-east-1.api.aws.ic.gov", "glue-fips.us-iso-east-1.api.aws.ic.gov"}},
        {glue::service,
         "us-isob-east-1",
         {"glue.us-isob-east-1.sc2s.sgov.gov", "glue-fips.us-isob-east-1.sc2s.sgov.gov",
          "glue.us-isob-east-1.api.aws.scloud", "glue-fips.us-isob-east-1.api.aws.scloud"}},
        {glue::service,
         "eu-isoe-west-1",
         {"glue.eu-isoe-west-1.cloud.adc-e.uk", "glue-fips.eu-isoe-west-1.cloud.adc-e.uk",
          "glue.eu-isoe-west-1.api.cloud-aws.adc-e.uk", "glue-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk"}},
        {glue::service,
         "us-isof-south-1",
         {"glue.us-isof-south-1.csp.hci.ic.gov", "glue-fips.us-isof-south-1.csp.hci.ic.gov",
          "glue.us-isof-south-1.api.aws.hci.ic.gov", "glue-fips.us-isof-south-1.api.aws.hci.ic.gov"}},
        {batch::service,
         "eu-west-1",
         {"batch.eu-west-1.amazonaws.com", "fips.batch.eu-west-1.amazonaws.com", "batch.eu-west-1.api.aws",
          "batch-fips.eu-west-1.api.aws"}},
        {batch::service,
         "cn-north-1",
         {"batch.cn-north-1.amazonaws.com.cn", "batch-fips.cn-north-1.amazonaws.com.cn",
          "batch.cn-north-1.api.amazonwebservices.com.cn",
          "batch-fips.cn-north-1.api.amazonwebservices.com.cn"}},
        {batch::service,
         "us-gov-east-1",
         {"batch.us-gov-east-1.amazonaws.com", "batch.us-gov-east-1.amazonaws.com",
          "batch.us-gov-east-1.api.aws", "batch-fips.us-gov-east-1.api.aws"}},
        {batch::service,
         "us-iso-east-1",
         {"batch.us-iso-east-1.c2s.ic.gov", "batch-fips.us-iso-east-1.c2s.ic.gov",
          "batch.us-iso-east-1.api.aws.ic.gov", "batch-fips.us-iso-east-1.api.aws.ic.gov"}},
        {sagemaker::service,
         "us-east-1",
         {"api.sagemaker.us-east-1.amazonaws.com", "api-fips.sagemaker.us-east-1.amazonaws.com",
          "api.sagemaker.us-east-1.api.aws", "api.sagemaker-fips.us-east-1.api.aws"}},
        {sagemaker::service,
         "us-gov-west-1",
         {"api.sagemaker.us-gov-west-1.amazonaws.com", "api-fips.sagemaker.us-gov-west-1.amazonaws.com",
          "api.sagemaker.us-gov-west-1.api.aws", "api.sagemaker-fips.us-gov-west-1.api.aws"}},
        {sagemaker::service,
         "cn-north-1",
         {"api.sagemaker.cn-north-1.amazonaws.com.cn", "api.sagemaker-fips.cn-north-1.amazonaws.com.cn",
          "api.sagemaker.cn-north-1.api.amazonwebservices.com.cn",
          "api.sagemaker-fips.cn-north-1.api.amazonwebservices.com.cn"}},
        {states::service,
         "us-east-1",
         {"states.us-east-1.amazonaws.com", "states-fips.us-east-1.amazonaws.com", "states.us-east-1.api.aws",
          "states-fips.us-east-1.api.aws"}},
        {states::service,
         "us-gov-west-1",
         {"states.us-gov-west-1.amazonaws.com", "states.us-gov-west-1.amazonaws.com",
          "states-fips.us-gov-west-1.api.aws", "states-fips.us-gov-west-1.api.aws"}},
        {states::service,
         "us-gov-east-1",
         {"states.us-gov-east-1.amazonaws.com", "states-fips.us-gov-east-1.amazonaws.com",
          "states-fips.us-gov-east-1.api.aws", "states-fips.us-gov-east-1.api.aws"}},
        {sts::service,
         "mx-central-1",
         {"sts.mx-central-1.amazonaws.com", "sts-fips.mx-central-1.amazonaws.com", "sts.mx-central-1.api.aws",
          "sts-fips.mx-central-1.api.aws"}},
        {sts::service,
         "us-gov-west-1",
         {"sts.us-gov-west-1.amazonaws.com", "sts.us-gov-west-1.amazonaws.com", "sts.us-gov-west-1.api.aws",
          "sts-fips.us-gov-west-1.api.aws"}},
        {logs::service,
         "us-gov-west-1",
         {"logs.us-gov-west-1.amazonaws.com", "logs.us-gov-west-1.amazonaws.com",
          "logs.us-gov-west-1.api.aws", "logs-fips.us-gov-west-1.api.aws"}},
        {sqs,
         "us-gov-east-1",
         {"sqs.us-gov-east-1.amazonaws.com", "sqs.us-gov-east-1.amazonaws.com", "sqs.us-gov-east-1.api.aws",
          "sqs-fips.us-gov-east-1.api.aws"}},
        {secrets,
         "us-east-1",
         {"secretsmanager.us-east-1.amazonaws.com", "secretsmanager-fips.us-east-1.amazonaws.com",
          "secretsmanager.us-east-1.amazonaws.com", "secretsmanager-fips.us-east-1.amazonaws.com"}},
        {secrets,
         "us-gov-west-1",
         {"secretsmanager.us-gov-west-1.amazonaws.com", "secretsmanager-fips.us-gov-west-1.amazonaws.com",
          "secretsmanager.us-gov-west-1.amazonaws.com", "secretsmanager-fips.us-gov-west-1.amazonaws.com"}},
    };
    for (const HostCase& given : cases) {
        for (int i = 0; i < 4; ++i) {
            EndpointOptions options = in(given.region);
            options.use_fips = (i & 1) != 0;
            options.use_dual_stack = (i & 2) != 0;
            EXPECT_EQ(url_of(options, given.service), std::string("https://") + given.hosts[i]);
            EXPECT_EQ(url_of(options, given.service, "sync-"), std::string("https://sync-") + given.hosts[i]);
        }
    }
}

TEST(Endpoints, SigningRegionIsThePlatforms) {
    Operation operation;
    operation.service = &sts::service;
    EndpointOptions options = in("eu-west-3");
    EXPECT_EQ(resolve_endpoint(options, operation).value().signing_region, "eu-west-3");
    options.sts_global_endpoint = true;
    EXPECT_EQ(resolve_endpoint(options, operation).value().url, "https://sts.amazonaws.com");
    EXPECT_EQ(resolve_endpoint(options, operation).value().signing_region, "us-east-1");
    for (const char* region : {"il-central-1", "cn-north-1", "us-gov-west-1", "eu-south-1"}) {  // never had a
                                                                                                // global host
        options.region = region;
        EXPECT_EQ(resolve_endpoint(options, operation).value().signing_region, region);
    }
    options = in("eu-west-3");
    options.override_url = "http://127.0.0.1:4570";
    EXPECT_EQ(resolve_endpoint(options, operation).value().signing_region, "eu-west-3");
}

TEST(Endpoints, CustomOnes) {
    struct Case {
        const char* url;
        const char* plain;
        const char* prefixed;
    };
    for (const Case& given : {
             Case{"http://127.0.0.1:4570", "http://127.0.0.1:4570", "http://127.0.0.1:4570"},
             Case{"http://127.0.0.1:4570/", "http://127.0.0.1:4570", "http://127.0.0.1:4570"},
             Case{"http://localhost:4570/a/b/", "http://localhost:4570/a/b", "http://localhost:4570/a/b"},
             Case{"https://[::1]:8443/x", "https://[::1]:8443/x", "https://[::1]:8443/x"},
             Case{"https://vpce-1.states.eu-west-1.vpce.amazonaws.com",
                  "https://vpce-1.states.eu-west-1.vpce.amazonaws.com",
                  "https://sync-vpce-1.states.eu-west-1.vpce.amazonaws.com"},
             Case{"glue.example.com", "bad_endpoint", "bad_endpoint"},
             Case{"ftp://h", "bad_endpoint", "bad_endpoint"},
             Case{"http://", "bad_endpoint", "bad_endpoint"},
             Case{"http://:80", "bad_endpoint", "bad_endpoint"},
             Case{"http://h?x=1", "bad_endpoint", "bad_endpoint"},
             Case{"http://user:pw@h", "bad_endpoint", "bad_endpoint"},
             Case{"http://h h", "bad_endpoint", "bad_endpoint"},
         }) {
        EndpointOptions options = in("eu-west-1");
        options.use_fips = options.use_dual_stack = true;
        options.override_url = given.url;
        EXPECT_EQ(url_of(options, states::service), given.plain);
        EXPECT_EQ(url_of(options, states::service, "sync-"), given.prefixed);
    }
    EndpointOptions options = in("eu-west-1");
    options.override_url = "https://localhost:1";
    options.prefix_custom_hosts = true;
    EXPECT_EQ(url_of(options, states::service, "sync-"), "https://sync-localhost:1");
    options.override_url = "https://states.test";
    options.prefix_custom_hosts = false;
    EXPECT_EQ(url_of(options, states::service, "sync-"), "https://states.test");
}

TEST(Endpoints, ThePlatformsOverrideBeatsWhatIsConfigured) {
    EndpointOptions options = in("eu-west-1");
    options.custom.every = "http://every";
    options.custom.of_service["SFN"] = "http://sfn";
    EXPECT_EQ(url_of(options, states::service), "http://sfn");
    EXPECT_EQ(url_of(options, glue::service), "http://every");
    options.override_url = "http://platform";
    EXPECT_EQ(url_of(options, states::service), "http://platform");
}

TEST(Endpoints, RegionsThatCannotBePartOfAHost) {
    for (const char* region :
         {"", "us-east-1.evil.example", "US-EAST-1", "us east", "-x", "eu-west-1/", "x@y"}) {
        EXPECT_EQ(url_of(in(region), glue::service), "bad_region") << region;
    }
    EXPECT_EQ(url_of(in("xx-new-7"), glue::service), "https://glue.xx-new-7.amazonaws.com");
}

TEST(Partitions, ByRegion) {
    struct Case {
        const char* region;
        const char* id;
        const char* console;
    };
    for (const Case& given :
         {Case{"us-east-1", "aws", "console.aws.amazon.com"},
          Case{"ap-southeast-7", "aws", "console.aws.amazon.com"},
          Case{"cn-northwest-1", "aws-cn", "console.amazonaws.cn"},
          Case{"us-gov-east-1", "aws-us-gov", "console.amazonaws-us-gov.com"},
          Case{"eusc-de-east-1", "aws-eusc", "console.amazonaws-eusc.eu"},
          Case{"us-iso-west-1", "aws-iso", ""}, Case{"us-isob-east-1", "aws-iso-b", ""},
          Case{"eu-isoe-west-1", "aws-iso-e", ""}, Case{"us-isof-east-1", "aws-iso-f", ""},
          Case{"nonsense", "aws", "console.aws.amazon.com"}, Case{"-", "aws", "console.aws.amazon.com"},
          Case{"", "aws", "console.aws.amazon.com"}}) {
        EXPECT_EQ(partition_of(given.region).id, given.id) << given.region;
        EXPECT_EQ(partition_of(given.region).console_host, given.console) << given.region;
    }
}

}  // namespace
}  // namespace polysync::aws

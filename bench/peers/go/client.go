// AWS SDK for Go v2: 64 goroutines share one client. Arguments: operation, endpoint, CA file, calls.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/glue"
)

const (
	inFlight = 64
	warmUp   = 256
)

func usage() (cpuS float64, rssKiB int64) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(u.Utime) + seconds(u.Stime), u.Maxrss
}

func httpClient(caFile string) *http.Client {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13},
		MaxIdleConns:        inFlight,
		MaxIdleConnsPerHost: inFlight,
	}}
}

func run(calls int, call func()) {
	var group sync.WaitGroup
	work := make(chan struct{})
	for i := 0; i < inFlight; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for range work {
				call()
			}
		}()
	}
	for i := 0; i < calls; i++ {
		work <- struct{}{}
	}
	close(work)
	group.Wait()
}

func main() {
	if os.Args[1] == "sigv4" {
		signAll(os.Args[2], os.Args[3])
		return
	}
	operation, endpoint, caFile := os.Args[1], os.Args[2], os.Args[3]
	calls, err := strconv.Atoi(os.Args[4])
	if err != nil {
		panic(err)
	}
	config := aws.Config{
		Region: "eu-west-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}, nil
		}),
		HTTPClient: httpClient(caFile),
		EndpointResolverWithOptions: aws.EndpointResolverWithOptionsFunc(
			func(service, region string, options ...interface{}) (aws.Endpoint, error) {
				return aws.Endpoint{URL: endpoint, SigningRegion: region}, nil
			}),
	}
	var call func()
	if operation == "get_job_run" {
		client := glue.NewFromConfig(config)
		call = func() {
			answer, err := client.GetJobRun(context.Background(),
				&glue.GetJobRunInput{JobName: aws.String("nightly-load"), RunId: aws.String("jr_1")})
			if err != nil || answer.JobRun.JobRunState != "SUCCEEDED" {
				panic(fmt.Sprint("GetJobRun: ", err))
			}
		}
	} else {
		client := batch.NewFromConfig(config)
		ids := make([]string, 100)
		for i := range ids {
			ids[i] = fmt.Sprintf("%08x-a532-4122-842e-2ccab8d54efb", i)
		}
		call = func() {
			answer, err := client.DescribeJobs(context.Background(), &batch.DescribeJobsInput{Jobs: ids})
			if err != nil || len(answer.Jobs) != 100 {
				panic(fmt.Sprint("DescribeJobs: ", err))
			}
		}
	}
	run(warmUp, call)
	cpu, _ := usage()
	started := time.Now()
	run(calls, call)
	wall := time.Since(started).Seconds()
	end, rss := usage()
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"calls": calls, "cpu_s": end - cpu, "wall_s": wall, "rss_kib": rss})
}

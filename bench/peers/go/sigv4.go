package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// One request to sign, as bench/sigv4_requests.py writes them, one JSON object per line.
type signRequest struct {
	URL, Target, ContentType, Body, Service, Region, Date string
}

// Signs every request of the file, `rounds` times over, and prints the last round's signatures and the rate.
func signAll(file, rounds string) {
	repeat, err := strconv.Atoi(rounds)
	if err != nil {
		panic(err)
	}
	input, err := os.Open(file)
	if err != nil {
		panic(err)
	}
	var requests []signRequest
	var times []time.Time
	lines := bufio.NewScanner(input)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one signRequest
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			panic(err)
		}
		when, err := time.Parse("20060102T150405Z", one.Date)
		if err != nil {
			panic(err)
		}
		requests, times = append(requests, one), append(times, when)
	}
	signer := v4.NewSigner()
	credentials := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
	signatures := make([]string, len(requests))
	prepared := make([]*http.Request, len(requests)) // made once: only signing is measured
	for i, one := range requests {
		request, err := http.NewRequest("POST", one.URL, nil)
		if err != nil {
			panic(err)
		}
		request.Header["Content-Type"] = []string{one.ContentType}
		if one.Target != "" {
			request.Header["X-Amz-Target"] = []string{one.Target}
		}
		prepared[i] = request
	}
	cpu, _ := usage()
	for round := 0; round < repeat; round++ {
		for i, one := range requests {
			request := prepared[i]
			hash := sha256.Sum256([]byte(one.Body))
			if err := signer.SignHTTP(context.Background(), credentials, request, hex.EncodeToString(hash[:]), one.Service,
				one.Region, times[i]); err != nil {
				panic(err)
			}
			signatures[i] = request.Header.Get("Authorization")
		}
	}
	end, _ := usage()
	for i, text := range signatures {
		signatures[i] = text[strings.LastIndex(text, "Signature=")+len("Signature="):]
	}
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"signed": repeat * len(requests), "cpu_s": end - cpu, "signatures": signatures})
}

package live_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"noisebench/results/report/live"
)

// A page is served until the context ends.
func ExampleNew() {
	server, err := live.New(func(version string) (string, []byte, error) {
		if version == "1" {
			return "1", nil, nil // browsers have it
		}
		return "1", []byte("<p>2 of 4 runs"), nil
	})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- server.Serve(ctx, listener) }()

	answer, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	page, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	fmt.Println(string(page), err)
	stop()
	fmt.Println(<-done)
	// Output:
	// <p>2 of 4 runs <nil>
	// <nil>
}

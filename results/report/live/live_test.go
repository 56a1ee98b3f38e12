package live_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"noisebench/results/report/live"
)

// serve serves a page until the test ends.
func serve(t *testing.T, page live.Page) (address string) {
	t.Helper()
	server, err := live.New(page)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("serving ends with %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("serving does not end with its context")
		}
	})
	return "http://" + listener.Addr().String()
}

// get returns the status and the text of a page, asked for by the name of a host.
func get(t *testing.T, address, host string) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

// The page follows its contents, listeners are told of each version once, and pages are made only
// of new versions.
func TestServe(t *testing.T) {
	var contents, made atomic.Int64
	address := serve(t, func(version string) (string, []byte, error) {
		now := fmt.Sprint("version ", contents.Load())
		if now == version {
			return now, nil, nil
		}
		made.Add(1)
		return now, []byte("page of " + now), nil
	})
	if _, text := get(t, address, ""); text != "page of version 0" {
		t.Errorf("the page is %q", text)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for i := range 2 {
		want := fmt.Sprint("data: version ", i)
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "data: ") {
		}
		if lines.Text() != want {
			t.Fatalf("the event is %q, want %q", lines.Text(), want)
		}
		contents.Store(1)
	}
	if _, text := get(t, address, ""); text != "page of version 1" {
		t.Errorf("the page is %q", text)
	}
	if n := made.Load(); n != 2 {
		t.Errorf("%d pages were made of 2 versions", n)
	}
}

// A page that cannot be made ends the server, and one that never could be has none.
func TestServeFails(t *testing.T) {
	broken := errors.New("broken")
	if _, err := live.New(func(string) (string, []byte, error) { return "", nil, broken }); !errors.Is(err, broken) {
		t.Errorf("a page that cannot be made gives %v", err)
	}
	calls := 0
	server, err := live.New(func(string) (string, []byte, error) {
		if calls++; calls == 1 {
			return "1", nil, nil
		}
		return "", nil, broken
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Serve(t.Context(), listener); !errors.Is(err, broken) {
		t.Errorf("serving ends with %v, want %v", err, broken)
	}
}

// A server on the loopback interface answers to its own names alone, and serves nothing but the
// page.
func TestServeRefuses(t *testing.T) {
	address := serve(t, func(string) (string, []byte, error) { return "1", []byte("page"), nil })
	for _, c := range []struct {
		path, host string
		want       int
	}{
		{"/", "localhost:1234", http.StatusOK},
		{"/", "127.0.0.1", http.StatusOK},
		{"/", "[::1]", http.StatusOK},
		{"/", "evil.example", http.StatusForbidden},
		{"/", "evil.example:80", http.StatusForbidden},
		{"/etc/passwd", "localhost", http.StatusNotFound},
	} {
		if status, _ := get(t, address+c.path, c.host); status != c.want {
			t.Errorf("%s of host %s: status %d, want %d", c.path, c.host, status, c.want)
		}
	}
}

// Package live serves an HTML page in a browser that follows what it shows: the page is made again
// whenever its contents change, and browsers are told so.
package live

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Page makes the page if what it shows is no longer of the version that a server has, which is
// empty at first. It returns the version and, if it is another one, the page that shows it. It is
// called from one goroutine at a time.
type Page func(version string) (now string, html []byte, err error)

// Server serves a page and keeps it up to date.
type Server struct {
	page Page

	mu      sync.Mutex
	html    []byte
	version string        // of what html shows
	changed chan struct{} // closed when the version changes, and replaced
}

// New makes the page for the first time and returns a server of it.
func New(page Page) (*Server, error) {
	s := &Server{page: page, changed: make(chan struct{})}
	return s, s.refresh()
}

// pollInterval is the time between two looks at what the page shows. With thousands of runs a look
// takes a few milliseconds.
const pollInterval = time.Second

// Serve answers requests until ctx ends: / is the page, which reloads itself on the events of
// /events, server-sent events with the version of the page, now and whenever it changes. It ends
// with an error when the page cannot be made.
//
// On the loopback interface it refuses requests that name the server otherwise than localhost or by
// an address of that interface.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.servePage)
	mux.HandleFunc("GET /events", s.serveEvents)
	server := &http.Server{
		Handler:           onlyLocalNames(listener.Addr(), mux),
		ReadHeaderTimeout: 10 * time.Second,
		// ends streams of events
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	go func() { failed <- s.watch(ctx) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stop()
	brief, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if server.Shutdown(brief) != nil {
		_ = server.Close()
	}
	return err
}

// watch makes the page again whenever what it shows changes. Changes that come together cost one
// page, and making pages takes a quarter of the time at most.
func (s *Server) watch(ctx context.Context) error {
	pause := pollInterval
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		started := time.Now()
		if err := s.refresh(); err != nil {
			return err
		}
		pause = max(pollInterval, 3*time.Since(started))
	}
}

func (s *Server) refresh() error {
	version, html, err := s.page(s.version) // only refresh writes version
	if err != nil || version == s.version {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.html, s.version = html, version
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// state returns the page, its version, and a channel that is closed when there is another.
func (s *Server) state() (html []byte, version string, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.html, s.version, s.changed
}

func (s *Server) servePage(w http.ResponseWriter, _ *http.Request) {
	html, _, _ := s.state()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(html) // the reader may be gone
}

func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	stream := http.NewResponseController(w)
	for {
		_, version, changed := s.state()
		if _, err := fmt.Fprintf(w, "event: change\ndata: %s\n\n", version); err != nil {
			return
		}
		if err := stream.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		}
	}
}

// onlyLocalNames refuses requests to a server on the loopback interface that use a host name other
// than localhost or a loopback address: a web page of another site whose host name resolves to this
// machine could read results otherwise.
func onlyLocalNames(at net.Addr, next http.Handler) http.Handler {
	host, _, err := net.SplitHostPort(at.String())
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Host
		if h, _, err := net.SplitHostPort(r.Host); err == nil {
			name = h
		}
		ip := net.ParseIP(strings.Trim(name, "[]"))
		if name != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this server is called localhost", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

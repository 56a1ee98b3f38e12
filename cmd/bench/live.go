package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"noisebench/harness"
	"noisebench/harness/folder"
)

// live serves the page of a plan and keeps it up to date.
type live struct {
	campaign *harness.Campaign
	store    *folder.Store // used by refresh alone
	warnings io.Writer
	arg      string // what the user calls the plan
	source   []byte // of the plan

	mu      sync.Mutex
	html    []byte
	version string        // of the records behind html
	changed chan struct{} // closed when the version changes, and replaced
}

// pollInterval is how often the results folder is looked at. With thousands of runs a look takes a few milliseconds.
const pollInterval = time.Second

// serve answers requests until ctx ends.
func (l *live) serve(ctx context.Context, listener net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", l.servePage)
	mux.HandleFunc("GET /events", l.serveEvents)
	server := &http.Server{
		Handler:           onlyLocalNames(listener.Addr(), mux),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // ends streams of events
	}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	go func() { failed <- l.watch(ctx) }()
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

// watch makes the page anew whenever records came or went. Changes that come together cost one page, and making pages takes
// a quarter of the time at most.
func (l *live) watch(ctx context.Context) error {
	pause := pollInterval
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		started := time.Now()
		if err := l.refresh(); err != nil {
			return err
		}
		pause = max(pollInterval, 3*time.Since(started))
	}
}

// refresh makes the page anew if the records changed since the last time.
func (l *live) refresh() error {
	version, err := l.store.Records.Version()
	if err != nil || version == l.version { // only refresh writes version
		return err
	}
	l.store.ForgetFailures()
	cells, _ := l.campaign.Cells(l.store.Find)
	cells = append(cells, importedCells(l.store.Records, &l.campaign.Plan, l.warnings)...)
	html, err := newPage(&l.campaign.Plan, cells, l.arg, l.source, version)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.html, l.version = html, version
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

// state returns the page, its version, and what is closed when there is another.
func (l *live) state() (html []byte, version string, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.html, l.version, l.changed
}

func (l *live) servePage(w http.ResponseWriter, _ *http.Request) {
	html, _, _ := l.state()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(html) // the reader may be gone
}

// serveEvents tells the version of the page now and whenever it changes, as server-sent events.
func (l *live) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	stream := http.NewResponseController(w)
	for {
		_, version, changed := l.state()
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

// onlyLocalNames refuses requests to a server on the loopback interface that call it by another name than this machine
// has there: a page from elsewhere whose name was made to lead here could read results otherwise.
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
		if ip := net.ParseIP(strings.Trim(name, "[]")); name != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this server is called localhost", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

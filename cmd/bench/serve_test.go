package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"noisebench/harness"
	"noisebench/harness/folder"
	"noisebench/plugins/catalogue"
	"noisebench/protocol/planfile"
	"noisebench/results/bundle"
	"noisebench/results/report/live"
)

// small is a plan of four runs, none of which tunes.
const small = `name: small
problems: [{problem: branin, budget: 320}]
optimizers: [{optimizer: sgd, set: {step_size: 0.01}}, {optimizer: m-sgd, set: {step_size: 0.01}}]
replicates: 2
evaluations: 4
`

// serveSmall serves that plan from an empty results folder, and ends when the test does.
func serveSmall(t *testing.T) (address string, campaign *harness.Campaign, dir string) {
	t.Helper()
	plan, err := planfile.Parse("small", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := catalogue.Open(t.Context(), catalogue.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(definitions.Close)
	if campaign, err = harness.NewCampaign(plan, definitions); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "results")
	store, err := openResults(dir, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	there := &found{campaign: campaign, store: store}
	server, err := live.New(func(version string) (string, []byte, error) {
		return pageOf(there, "small.yaml", []byte(small), version, io.Discard)
	})
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
				t.Errorf("serve: %v", err)
			}
		case <-time.After(time.Minute):
			t.Error("serve does not end when it is told to")
		}
	})
	return "http://" + listener.Addr().String(), campaign, dir
}

// get returns the text of a page.
func get(t *testing.T, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The page follows the records, and its events announce each change.
func TestLive(t *testing.T) {
	address, campaign, dir := serveSmall(t)
	if text := get(t, address); !strings.Contains(text, "0 of 4 runs") || !strings.Contains(text, `connect-src &#39;self&#39;`) {
		t.Error("the page of an empty folder does not say 0 of 4 runs, or cannot reach its server")
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	version := func() string {
		for lines.Scan() {
			if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return v
			}
		}
		t.Fatalf("the events ended: %v", lines.Err())
		return ""
	}
	before := version()

	writer, err := openResults(dir, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := campaign.Execute(ctx, harness.Options{Store: writer, Parallel: 1}); err != nil {
		t.Fatal(err)
	}
	for {
		after := version()
		if after == before {
			t.Fatalf("version %s was told twice", after)
		}
		text := get(t, address)
		if strings.Contains(text, ">complete</strong> 4 runs") {
			break
		}
		if !strings.Contains(text, " of 4 runs") {
			t.Fatal("the page does not say how many of 4 runs there are")
		}
		before = after
	}

	cells := writer.Cells(campaign)
	taken := &bundle.Taken{Title: "a published bundle", Runs: []string{cells[0].Runs[0].Run.ID()}}
	there := &found{
		campaign: campaign, store: writer, notes: folder.Notes{Taken: []*bundle.Taken{taken}},
	}
	_, html, err := pageOf(there, "small.yaml", []byte(small), "", io.Discard)
	if err != nil || !strings.Contains(string(html), taken.Title) {
		t.Errorf("the page does not name the bundle that a run is from: %v", err)
	}
}

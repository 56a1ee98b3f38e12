// Package page writes the report of a plan as one HTML file that needs nothing else: no server, no
// network, no other file.
//
// [Write] is the way in. What the file shows comes from [measures.Report] and the run records
// behind it; nothing is decided here.
//
// All text of plans, plugins and records is a stranger's: html/template escapes it, the scripts
// enter it as text and never as HTML, and a Content-Security-Policy in the file lets no script run
// but ours and no request go out, whatever slipped through. The same input gives the same bytes.
//
// The page is this package's page.html, page.css and page.js, and uPlot (folder uplot) for charts.
// Its data are one JSON object, [data], compressed, which page.js draws.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
)

// Page is the input of the HTML page.
type Page struct {
	Title string // default: the plan's name
	// an introduction, plain text; empty lines part paragraphs. May be empty
	Intro  string
	Report *measures.Report // of Plan and Cells
	Plan   *protocol.Plan   // defaults filled in
	Cells  []results.Cell   // with the records that the report was built from
	// in place of Cells, if there are more records than fit into memory
	Reduced *Cells
	// Files write the files that readers can download and copy, by the endings of the files' names:
	// csv, json, md and tex, see package report. nil: nothing is offered.
	Files  map[string]func(r *measures.Report, w io.Writer) error
	Source string // the plan as it was written, YAML; may be empty
	// where an optimizer's results come from, by its name in the plan; nil: all from one place
	Entries map[string]Entry

	// Commands reproduce the report, in order. The first makes the runs.
	Commands []Command
	// Live is a server's name for the state of the records behind the page, which then asks for
	// news at the address "events": server-sent events named "change" whose data are the state.
	// Empty: the page is a file.
	Live string
}

// Entry is the origin of the results of an optimizer, for a page that puts several people's
// results together.
type Entry struct {
	From     string // who made the runs, or the file of the runs
	Unranked string // why the entry has no rank; empty if it has one
	Verified Verification
	Note     string // anything else to know; may be empty
}

// Verification is the outcome of making an entry's runs again elsewhere.
type Verification string

// The verifications.
const (
	Unverified Verification = "not verified" // nobody made the runs again
	Verified   Verification = "verified"     // made again with the same outcome
	Refuted    Verification = "refuted"      // made again with another outcome
	// made again, and compared within the tolerances for another platform only, never bit by bit
	Loosely Verification = "compared loosely"
)

// Command is a command line with its purpose.
type Command struct{ Line, What string }

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
	//go:embed uplot/uPlot.iife.min.js
	plotJS string
	//go:embed uplot/uPlot.min.css
	plotCSS string
)

var layout = template.Must(template.New("page").Funcs(template.FuncMap{
	"count": count[int], "group": group[int],
}).Parse(pageHTML))

// Write writes the page as HTML in UTF-8.
func Write(w io.Writer, p Page) error {
	v, err := newView(&p)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := layout.Execute(&b, v); err != nil {
		return fmt.Errorf("cannot lay out page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// policy is the Content-Security-Policy of the page: its own scripts, by their hashes, and nothing
// from anywhere else.
func policy(live string) string {
	connect := "'none'"
	if live != "" {
		connect = "'self'"
	}
	return fmt.Sprintf("default-src 'none'; style-src 'unsafe-inline'; img-src data:; "+
		"connect-src %s; base-uri 'none'; "+
		"form-action 'none'; script-src %s %s", connect, digest(plotJS), digest(pageJS))
}

// digest is the source expression that allows an inline script.
func digest(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"noisebench/results"
	"noisebench/results/bundle"
)

// Verdict is the result of a check.
type Verdict string

// The verdicts.
const (
	Pass Verdict = "PASS"
	Fail Verdict = "FAIL"
	Note Verdict = "note" // neither: the reader has to judge
)

// The groups of checks, in their order.
const (
	Integrity    = "integrity"    // the file agrees with its list of checksums
	Completeness = "completeness" // the plan's decisions follow from the records, and from no more
	Consistency  = "consistency"  // the records fit the rules and each other
	Local        = "local"        // optimizers, problems and data are those that are here
	Again        = "re-run"       // runs that are made again have the outcome that is recorded
)

// Finding is what one check found. As JSON it is part of a file format: the names stay.
type Finding struct {
	Group   string   `json:"group"`
	Check   string   `json:"check"` // its name
	Verdict Verdict  `json:"verdict"`
	Text    string   `json:"text"`              // one line
	Details []string `json:"details,omitempty"` // one for each thing that is wrong
}

// Report holds the findings on a bundle, for [Report.Save] as JSON.
type Report struct {
	File    string       `json:"file"` // base name
	Root    string       `json:"root"` // empty if the file cannot be read
	Title   string       `json:"title,omitempty"`
	Authors []string     `json:"authors,omitempty"`
	Plan    string       `json:"plan"`
	By      bundle.Build `json:"by"`    // the build that verified
	Seed    uint64       `json:"seed"`  // of the sample of runs that were made again
	Rerun   Reruns       `json:"rerun"` // outcomes
	// Pairs has the outcomes for each optimizer and problem of the plan of which runs were made
	// again. Reports of earlier versions do not have it.
	Pairs    []PairReruns `json:"pairs,omitempty"`
	OK       bool         `json:"ok"` // nothing failed
	Findings []Finding    `json:"findings"`
}

// Reruns counts the runs of a bundle that were made again, by outcome.
type Reruns struct {
	Runs   int `json:"runs"`   // of the bundle that can be made here
	Made   int `json:"made"`   // of them, made again
	Bits   int `json:"bits"`   // of those, with the same bits
	Near   int `json:"near"`   // of those, within the tolerances for another platform
	Differ int `json:"differ"` // of those, otherwise
	// OneSided is the number of findings that near runs deviate in one direction, see package
	// noisebench/harness/verify.
	OneSided int `json:"one_sided,omitempty"`
}

// Refuted reports whether runs that were made again speak against the records.
func (r *Reruns) Refuted() bool { return r.Differ > 0 || r.OneSided > 0 }

// PairReruns counts the runs of one optimizer on one problem that were made again.
type PairReruns struct {
	Optimizer string `json:"optimizer"` // names of the plan's entries
	Problem   string `json:"problem"`
	Made      int    `json:"made"`
	Bits      int    `json:"bits"`
	Near      int    `json:"near"`
	Differ    int    `json:"differ"`
}

// Add adds a finding: bad and Fail if there are details, else good and Pass.
func (r *Report) Add(group, check, good, bad string, details []string) {
	f := Finding{Group: group, Check: check, Verdict: Pass, Text: good}
	if len(details) > 0 {
		f.Verdict, f.Text, f.Details = Fail, bad, details
		r.OK = false
	}
	r.Findings = append(r.Findings, f)
}

// Note adds a finding that is neither good nor bad.
func (r *Report) Note(group, check, text string, details ...string) {
	r.Findings = append(r.Findings, Finding{group, check, Note, text, details})
}

// Failed returns the findings of checks that failed.
func (r *Report) Failed() (failed []Finding) {
	for _, f := range r.Findings {
		if f.Verdict == Fail {
			failed = append(failed, f)
		}
	}
	return failed
}

// savedName is where a folder keeps the report on the bundle with this root.
func savedName(dir, root string) string { return filepath.Join(dir, root+".json") }

// Save writes the report to a folder, in place of an earlier one on a bundle with the same root. It
// writes nothing if that tells of runs that were made again and this one does not, or if this one is
// on a file that is no bundle and hence has no root.
func (r *Report) Save(dir string) error {
	if r.Root == "" {
		return nil
	}
	if old, err := Saved(dir, r.Root); err == nil && old != nil && old.Rerun.Made > 0 && r.Rerun.Made == 0 {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("cannot save the findings: %w", err)
	}
	err = results.WriteWhole(savedName(dir, r.Root), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot save the findings: %w", err)
	}
	return nil
}

// maxSaved bounds the size of a saved report, in bytes.
const maxSaved = 8 << 20

// Saved reads the report on the bundle with this root from a folder; nil if there is none. Whoever
// can write to the folder decides what the report says.
func Saved(dir, root string) (*Report, error) {
	name := savedName(dir, root)
	text, err := results.ReadRegular(name, maxSaved)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w; make it again by: bench verify FILE --save %s", name, err, dir)
	}
	if r.Root != root {
		return nil, fmt.Errorf("%s is on other contents, with the root %.80q; make it again by: "+
			"bench verify FILE --save %s", name, r.Root, dir)
	}
	return &r, nil
}

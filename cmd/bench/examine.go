package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

// examined is a bundle with what its contents alone say: integrity, completeness and consistency.
type examined struct {
	verification
	path     string
	bundle   *bundle.Bundle    // nil if the file cannot be read
	campaign *harness.Campaign // nil if the plan makes no sense
	cells    []results.Cell    // of the campaign
	checks   []bundle.Check    // runs that were made again, and did not differ
}

// examine reads a bundle and checks what can be checked without this machine's optimizers and problems.
func examine(path string, open func(string) (*bundle.Bundle, error)) *examined {
	x := &examined{path: path, verification: verification{File: filepath.Base(path), OK: true}}
	b, err := open(path)
	if err != nil {
		x.add("integrity", "archive", "", "the file is no whole bundle; nothing else can be checked", []string{err.Error()})
		return x
	}
	x.bundle = b
	x.Root, x.Title, x.Authors, x.Plan = b.Root, b.About.Title, b.About.Authors, b.Plan.Name
	var faults []string
	for _, f := range b.Faults {
		faults = append(faults, f.Error())
	}
	x.add("integrity", "files", fmt.Sprintf("%s as listed, %s with their own digests and IDs", count(len(b.Sums), "file"),
		count(len(b.Records), "record")), fmt.Sprintf("%d of %s damaged or missing", len(faults), count(len(b.Sums), "file")), faults)
	x.complete()
	x.consistent()
	return x
}

// complete derives every decision of the plan again.
func (x *examined) complete() {
	b := x.bundle
	var others []harness.Definitions
	for i := range b.Definitions.Others {
		others = append(others, &b.Definitions.Others[i])
	}
	campaign, err := harness.NewCampaign(b.Plan, &b.Definitions, others...)
	if err != nil {
		x.add("completeness", "plan", "", "the plan does not fit the definitions", []string{err.Error()})
		return
	}
	campaign.Contract(b.About.Protocol)
	x.campaign = campaign
	used := map[string]bool{}
	var mu sync.Mutex // cells are derived side by side
	cells, due := campaign.Cells(func(id string) *results.Record {
		record := b.Records[id]
		if record != nil {
			mu.Lock()
			used[id] = true
			mu.Unlock()
		}
		return record
	})
	x.cells = cells
	missing := missingRuns(cells, due)
	x.add("completeness", "plan", fmt.Sprintf("every decision of plan %s follows from the records: %s, %s",
		b.Plan.Name, count(len(cells), "optimizer-problem pair"), count(len(used), "run")),
		"runs are missing that the plan's decisions need", missing)

	var extra []string
	inCell := map[string]string{}
	for id := range used {
		r := b.Records[id].Run
		inCell[cellKey(r)] = fmt.Sprintf("%s on %s", r.Optimizer.Name, r.Problem.Name)
	}
	for _, id := range slices.Sorted(maps.Keys(b.Records)) {
		if used[id] {
			continue
		}
		r := b.Records[id].Run
		text := fmt.Sprintf("run %.12s of %s on %s (%s, seed %d)", id, r.Optimizer.Name, r.Problem.Name, r.Optimizer.Setting, r.Seed)
		switch {
		case inCell[cellKey(r)] != "" && r.Seed >= b.Plan.Tuning.SweepSeed():
			text += ": further tuning beside the plan's"
		case inCell[cellKey(r)] != "":
			text += ": the plan has the pair, but not this setting or seed"
		}
		extra = append(extra, text)
	}
	x.add("completeness", "no more", "no run that the plan does not ask for",
		fmt.Sprintf("%s that the plan does not ask for: added, chosen from more, or the plan was edited", count(len(extra), "run")), extra)

	if n := b.About.SetAside; n > 0 {
		x.note("completeness", "set aside", fmt.Sprintf("the author's folder held %s of the same pairs, at the same budget, that the "+
			"plan does not use", count(n, "other run")))
	}
	if n := b.About.Failed; n > 0 {
		x.note("completeness", "failed", fmt.Sprintf("%s failed and took no part in any decision", count(n, "run")))
	}
	if d := b.Plan.Deviations(); len(d) > 0 {
		x.note("completeness", "protocol", "the plan departs from the standard protocol", d...)
	}
	var elsewhere []string
	for _, e := range b.Plan.Optimizers {
		if reason := tunedElsewhere(b, e); reason != "" {
			elsewhere = append(elsewhere, e.Name+": "+reason)
		}
	}
	if len(elsewhere) > 0 {
		x.note("completeness", "tuning", "not tuned by this plan, so that how the setting was found is not known", elsewhere...)
	}
	x.builtInPlan()
}

// builtInPlan compares the plan with the built-in one of the same name.
func (x *examined) builtInPlan() {
	plan := x.bundle.Plan.WithDefaults()
	sum := x.bundle.Sums["plan.json"]
	if !plans.Has(plan.Name) {
		x.note("completeness", "plan hash", fmt.Sprintf("%s is not a built-in plan; its SHA-256 is %s", plan.Name, sum))
		return
	}
	own, err := plans.Load(plan.Name)
	if err != nil {
		panic("bench: " + err.Error()) // a test reads all built-in plans
	}
	if d := differences(plan, own.WithDefaults(), "description"); len(d) > 0 {
		x.note("completeness", "plan hash", fmt.Sprintf("differs from this build's plan %s; its SHA-256 is %s", plan.Name, sum), d...)
		return
	}
	x.add("completeness", "plan hash", fmt.Sprintf("is this build's plan %s", plan.Name), "", nil)
}

// tunedElsewhere says why an entry's tuning is not part of the plan; empty: it is.
func tunedElsewhere(b *bundle.Bundle, e protocol.OptimizerEntry) string {
	def, err := b.Definitions.Optimizer(e.Optimizer)
	if err != nil {
		return ""
	}
	var fixed []string
	for _, h := range def.Hyperparameters {
		if v, set := e.Set[h.Name]; set && h.Tuned && v != h.Default {
			fixed = append(fixed, fmt.Sprintf("%s=%g", h.Name, v))
		}
	}
	if len(fixed) == 0 {
		return ""
	}
	return fmt.Sprintf("%s is fixed by the plan, not found by its tuning (%s)", strings.Join(fixed, " "), e.Optimizer)
}

// consistent checks what records say against the rules and against each other.
func (x *examined) consistent() {
	b := x.bundle
	x.add("consistency", "about", "the bundle's description fits its records", "about.json does not fit the records",
		differences(b.About.Facts, bundle.Derive(&b.Plan, slices.Collect(maps.Values(b.Records)))))
	if x.campaign == nil {
		return
	}
	var wrong, seeds, starts, versions []string
	starting := map[string]string{} // first point, by problem, seed and platform
	checked := map[*results.Record]bool{}
	n := 0
	for i, cell := range x.cells {
		pEntry := x.campaign.Plan.Problems[i/len(x.campaign.Plan.Optimizers)]
		oEntry := x.campaign.Plan.Optimizers[i%len(x.campaign.Plan.Optimizers)]
		chooses := b.Definitions.Optimizers[oEntry.Optimizer].ChoosesBatchSize
		reported := map[uint64]bool{}
		for _, r := range cell.Runs {
			reported[r.Run.Seed] = true
		}
		for _, r := range cell.Tuning {
			if reported[r.Run.Seed] {
				seeds = append(seeds, fmt.Sprintf("%s on %s: seed %d", cell.Optimizer, cell.Problem, r.Run.Seed))
				break
			}
		}
		var spec string
		if def, err := b.Definitions.Problem(pEntry.Problem); err == nil {
			if at, err := protocol.Resolve(def.Parameters, pEntry.With); err == nil {
				s, _ := def.Spec(at) // the campaign has asked for it
				spec = asJSON(s)
			}
		}
		for _, r := range slices.Concat(cell.Tuning, cell.Runs, cell.OneShot) {
			if checked[r] {
				continue
			}
			checked[r] = true
			n++
			id := r.Run.ID()
			if texts := contradictions(r, chooses); len(texts) > 0 {
				wrong = append(wrong, fmt.Sprintf("run %.12s: %s", id, texts[0]))
			}
			if asJSON(r.Spec) != spec {
				wrong = append(wrong, fmt.Sprintf("run %.12s: its problem is described otherwise than in definitions.json", id))
			}
			if r.Run.Protocol != b.About.Protocol {
				versions = append(versions, fmt.Sprintf("run %.12s: protocol version %d", id, r.Run.Protocol))
			}
			key := fmt.Sprintf("%s\x00%d\x00%s\x00%s", cell.Problem, r.Run.Seed, r.Host.Platform, r.Host.GoVersion)
			start := asJSON(r.Points[0])
			if other, known := starting[key]; known && other != start {
				starts = append(starts, fmt.Sprintf("run %.12s: %s on %s, seed %d", id, cell.Optimizer, cell.Problem, r.Run.Seed))
			} else if !known {
				starting[key] = start
			}
		}
	}
	x.add("consistency", "records", fmt.Sprintf("budgets, charges and evaluation marks of %s add up", count(n, "run")),
		"records contradict themselves", wrong)
	x.add("consistency", "protocol", fmt.Sprintf("all of protocol version %d", b.About.Protocol),
		fmt.Sprintf("records of another protocol version than %d", b.About.Protocol), versions)
	if b.About.Protocol != protocol.Version {
		x.note("consistency", "older protocol", fmt.Sprintf("the bundle is of protocol version %d, this bench of version %d: its runs cannot be "+
			"ranked against runs of today", b.About.Protocol, protocol.Version))
	}
	for _, t := range b.About.Taken {
		x.note("completeness", "taken", fmt.Sprintf("%s came from the bundle %s (root %.12s), made on %s; the author made %d of its runs again",
			count(t.Runs, "run"), cmp.Or(t.Title, t.Plan), t.Root, strings.Join(t.Platforms, ", "), t.Checked))
	}
	if len(seeds) > 0 && len(x.campaign.Plan.Deviations()) > 0 {
		x.note("consistency", "seeds", "tuning seeds are reported too, as the plan says", seeds...)
	} else {
		x.add("consistency", "seeds", "no tuning seed is reported", "tuning seeds are reported too", seeds)
	}
	x.add("consistency", "starts", fmt.Sprintf("runs of one seed start from the same point, in %s", count(len(starting), "problem-seed pair")),
		"runs of one seed on one problem and platform start from different values", starts)
}

// contradictions says what in a finished record breaks the rules that every run obeys.
func contradictions(r *results.Record, chooses bool) (texts []string) {
	bad := func(format string, args ...any) { texts = append(texts, fmt.Sprintf(format, args...)) }
	run, end := &r.Run, &r.End
	if end.Seen+end.Unused != run.Budget || end.Seen < 0 || end.Unused < 0 {
		bad("%d examples charged and %d unused, want %d together", end.Seen, end.Unused, run.Budget)
	}
	steps := int64(end.Steps)
	if end.Seen < steps*int64(end.MinBatch) || end.Seen > steps*int64(end.MaxBatch) {
		bad("%d steps of %d to %d examples cannot make %d", end.Steps, end.MinBatch, end.MaxBatch, end.Seen)
	}
	if !chooses && end.MaxBatch > run.BatchSize && end.MaxBatch != r.Spec.Train {
		bad("a batch has %d examples, want at most %d", end.MaxBatch, run.BatchSize)
	}
	if max(end.Gradients, end.Variances, end.Curvatures) > end.Seen {
		bad("%d gradients, %d variances and %d curvatures from %d examples", end.Gradients, end.Variances, end.Curvatures, end.Seen)
	}
	if (end.Status == results.OK) != (end.Reason == "") {
		bad("status %s with reason %q", end.Status, end.Reason)
	}
	mark := func(k int) int64 { return run.Budget * int64(k) / int64(run.Evaluations) }
	k := -1 // of the last point
	for i, p := range r.Points {
		last := i == len(r.Points)-1
		before := k
		for k++; k < run.Evaluations && mark(k) < p.Mark; k++ {
		}
		var previous results.Point
		if i > 0 {
			previous = r.Points[i-1]
		}
		switch {
		case mark(k) != p.Mark || i == 0 && p.Mark != 0 || k <= before:
			bad("point %d is at mark %d, which is none of the %d marks in order", i, p.Mark, run.Evaluations)
			return texts
		case p.Seen > run.Budget, p.Step > end.Steps, p.Seen < previous.Seen, p.Step < previous.Step, i == 0 && (p.Seen != 0 || p.Step != 0):
			bad("point %d is at step %d and %d examples, after step %d and %d of %d", i, p.Step, p.Seen, previous.Step, previous.Seen, run.Budget)
		case p.Mark > p.Seen && (!last || end.Status != results.OK), k < run.Evaluations && mark(k+1) <= p.Seen:
			bad("point %d of mark %d was taken at %d examples", i, p.Mark, p.Seen)
		case (p.Validation != nil) != (r.Spec.Validation > 0), (p.Test != nil) != (r.Spec.Test > 0):
			bad("point %d has not the parts that the problem has", i)
		case last && end.Status == results.OK && (p.Mark != run.Budget || p.Seen != end.Seen || p.Step != end.Steps):
			bad("the last point is at step %d and %d examples, the run ended at step %d and %d", p.Step, p.Seen, end.Steps, end.Seen)
		}
	}
	return texts
}

// differences lists where two values differ as JSON, field by field, but for some names at the top: "field: got …, want …".
func differences(got, want any, but ...string) []string {
	plain := func(v any) (p any) {
		d := json.NewDecoder(bytes.NewReader([]byte(asJSON(v))))
		d.UseNumber()
		if err := d.Decode(&p); err != nil {
			panic("bench: " + err.Error())
		}
		return p
	}
	g, w := plain(got), plain(want)
	for _, name := range but {
		delete(g.(map[string]any), name)
		delete(w.(map[string]any), name)
	}
	return walkDifferences("", g, w)
}

func walkDifferences(path string, got, want any) (texts []string) {
	g, gotMap := got.(map[string]any)
	w, wantMap := want.(map[string]any)
	if gotMap && wantMap {
		names := slices.Collect(maps.Keys(g))
		for name := range w {
			if _, both := g[name]; !both {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			texts = append(texts, walkDifferences(strings.TrimPrefix(path+"."+name, "."), g[name], w[name])...)
		}
		return texts
	}
	gl, gotList := got.([]any)
	wl, wantList := want.([]any)
	if gotList && wantList && len(gl) == len(wl) {
		for i := range gl {
			texts = append(texts, walkDifferences(fmt.Sprintf("%s[%d]", path, i), gl[i], wl[i])...)
		}
		return texts
	}
	if a, b := asJSON(got), asJSON(want); a != b {
		return []string{fmt.Sprintf("%s: got %s, want %s", path, brief(a), brief(b))}
	}
	return nil
}

// brief cuts a long text.
func brief(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}

package check

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"noisebench/internal/jsondiff"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/signature"
)

// Checked is a bundle with the report on it.
type Checked struct {
	Report
	Path      string
	Bundle    *bundle.Bundle    // nil if the file cannot be read
	Signer    *signature.Signer // nil: it is not signed
	Decisions *Decisions        // nil if the plan is invalid
}

// Decisions are what a plan decides by the records of a bundle.
type Decisions struct {
	Plan    protocol.Plan   // defaults filled in
	Cells   []results.Cell  // one for each optimizer and problem of Plan
	Used    map[string]bool // IDs of the records that they rest on
	Missing []string        // what they wait for, one text for each cell that waits
}

// Options are what [Open] needs to know.
type Options struct {
	// Decide derives the decisions of the plan from the records. An error gives the reason why the
	// plan is invalid. Package noisebench/harness/verify has one.
	Decide func(*bundle.Bundle) (*Decisions, error)
	// Known finds the plan of a name that the bundle's plan may claim to be; nil: none is known.
	Known   func(name string) (protocol.Plan, bool)
	Read    bundle.Options
	Signers signature.Signers // whose keys are known
}

// Open reads the bundle at path and checks what can be checked by its contents alone: integrity,
// completeness and consistency. That it cannot be read is a finding, too.
func Open(path string, o Options) *Checked {
	x := &Checked{Path: path, Report: Report{File: filepath.Base(path), OK: true}}
	b, err := o.Read.Open(path)
	if err != nil {
		x.Add(Integrity, "archive", "", "the file is not a complete bundle; nothing else can be checked",
			[]string{err.Error()})
		return x
	}
	x.Bundle = b
	x.Root, x.Title, x.Authors, x.Plan = b.Root, b.About.Title, b.About.Authors, b.Plan.Name
	x.signed(o.Signers)
	x.intact()
	if x.Decisions, err = o.Decide(b); err != nil {
		x.Decisions = nil
		x.Add(Completeness, "plan", "", "the plan does not fit the definitions", []string{err.Error()})
	} else {
		x.complete()
		x.knownPlan(o.Known)
	}
	x.consistent()
	return x
}

// signed reports the signer of the file. An invalid signature fails, a missing one does not.
func (x *Checked) signed(known signature.Signers) {
	signer, err := signature.Of(x.Path, known)
	switch {
	case err != nil:
		x.Add(Integrity, "signature", "", "the signature is not valid", []string{err.Error()})
	case signer == nil:
		x.Note(Integrity, "signature", "the bundle is not signed")
	case signer.Name == "":
		x.Note(Integrity, "signature", signer.String())
	default:
		x.Add(Integrity, "signature", signer.String(), "", nil)
	}
	x.Signer = signer
}

// intact checks each file by itself.
func (x *Checked) intact() {
	b := x.Bundle
	var faults []string
	for _, f := range b.Faults {
		faults = append(faults, f.Error())
	}
	x.Add(Integrity, "files",
		fmt.Sprintf("%s as listed, %s with their own digests and IDs", text.Count(len(b.Sums), "file"),
			text.Count(len(b.Records), "record")),
		fmt.Sprintf("%d of %s damaged or missing", len(faults), text.Count(len(b.Sums), "file")), faults)
}

// complete compares the records with what the plan's decisions use.
func (x *Checked) complete() {
	b, d := x.Bundle, x.Decisions
	x.Add(Completeness, "plan",
		fmt.Sprintf("every decision of plan %s follows from the records: %s, %s",
			b.Plan.Name, text.Count(len(d.Cells), "optimizer-problem pair"), text.Count(len(d.Used), "run")),
		"runs are missing that the plan's decisions need", d.Missing)

	var extra []string
	inCell := map[string]string{}
	for id := range d.Used {
		r := b.Records[id].Run
		inCell[r.PairKey()] = fmt.Sprintf("%s on %s", r.Optimizer.Name, r.Problem.Name)
	}
	for _, id := range slices.Sorted(maps.Keys(b.Records)) {
		if d.Used[id] {
			continue
		}
		r := b.Records[id].Run
		what := fmt.Sprintf("run %.12s of %s on %s (%s, seed %d)", id, r.Optimizer.Name, r.Problem.Name,
			r.Optimizer.Setting, r.Seed)
		switch {
		case inCell[r.PairKey()] != "" && r.Seed >= b.Plan.Tuning.SweepSeed():
			what += ": further tuning beside the plan's"
		case inCell[r.PairKey()] != "":
			what += ": the plan has the pair, but not this setting or seed"
		}
		extra = append(extra, what)
	}
	x.Add(Completeness, "no more", "no run that the plan does not ask for",
		fmt.Sprintf("%s that the plan does not ask for: added, chosen from more, or the plan was edited",
			text.Count(len(extra), "run")), extra)

	if n := b.About.SetAside; n > 0 {
		x.Note(Completeness, "set aside",
			fmt.Sprintf("the author's folder held %s of the same pairs, at the same budget, that the "+
				"plan does not use", text.Count(n, "other run")))
	}
	if n := b.About.Failed; n > 0 {
		x.Note(Completeness, "failed",
			fmt.Sprintf("%s failed and took no part in any decision", text.Count(n, "run")))
	}
	if deviations := b.Plan.Deviations(); len(deviations) > 0 {
		x.Note(Completeness, "protocol", "the plan departs from the standard protocol", deviations...)
	}
	var elsewhere []string
	for _, e := range b.Plan.Optimizers {
		if reason := TunedElsewhere(b, e); reason != "" {
			elsewhere = append(elsewhere, e.Name+": "+reason)
		}
	}
	if len(elsewhere) > 0 {
		x.Note(Completeness, "tuning",
			"not tuned by this plan, so that how the setting was found is not known", elsewhere...)
	}
}

// knownPlan compares the plan with the known one of the same name.
func (x *Checked) knownPlan(known func(name string) (protocol.Plan, bool)) {
	plan := x.Bundle.Plan.WithDefaults()
	sum := x.Bundle.Sums["plan.json"]
	var own protocol.Plan
	ok := false
	if known != nil {
		own, ok = known(plan.Name)
	}
	if !ok {
		x.Note(Completeness, "plan hash",
			fmt.Sprintf("%s is not a built-in plan; its SHA-256 is %s", plan.Name, sum))
		return
	}
	if d := jsondiff.Differences(plan, own.WithDefaults(), "description"); len(d) > 0 {
		x.Note(Completeness, "plan hash",
			fmt.Sprintf("differs from this build's plan %s; its SHA-256 is %s", plan.Name, sum), d...)
		return
	}
	x.Add(Completeness, "plan hash", fmt.Sprintf("is this build's plan %s", plan.Name), "", nil)
}

// TunedElsewhere returns why an entry's tuning is not part of the plan; empty: it is.
func TunedElsewhere(b *bundle.Bundle, e protocol.OptimizerEntry) string {
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
	return fmt.Sprintf("%s is fixed by the plan, not found by its tuning (%s)",
		strings.Join(fixed, " "), e.Optimizer)
}

// consistent checks records against the rules and against each other.
func (x *Checked) consistent() {
	b := x.Bundle
	x.Add(Consistency, "about", "the bundle's description fits its records",
		"about.json does not fit the records",
		jsondiff.Differences(b.About.Facts,
			bundle.Derive(&b.Plan, slices.Collect(maps.Values(b.Records)))))
	if x.Decisions == nil {
		return
	}
	var wrong, seeds, starts, versions []string
	// first point, by problem, seed, and the definitions that made it
	starting := map[string]results.Point{}
	others := map[string]results.Point{} // the same, by problem and seed
	checked := map[*results.Record]bool{}
	var all []*results.Record
	n := 0
	for _, cell := range x.Decisions.Cells {
		pEntry, oEntry := cell.Entries(&x.Decisions.Plan)
		chooses := b.Definitions.Optimizers[oEntry.Optimizer].ChoosesBatchSize
		reported := map[uint64]bool{}
		for _, r := range cell.Runs {
			reported[r.Run.Seed] = true
		}
		for _, r := range cell.Tuning {
			if reported[r.Run.Seed] {
				seeds = append(seeds,
					fmt.Sprintf("%s on %s: seed %d", cell.Optimizer, cell.Problem, r.Run.Seed))
				break
			}
		}
		var spec string
		if def, err := b.Definitions.Problem(pEntry.Problem); err == nil {
			if at, err := protocol.Resolve(def.Parameters, pEntry.With); err == nil {
				s, _ := def.Spec(at) // the campaign has asked for it
				spec = jsondiff.Text(s)
			}
		}
		for _, r := range slices.Concat(cell.Tuning, cell.Runs, cell.OneShot) {
			if checked[r] {
				continue
			}
			checked[r] = true
			all = append(all, r)
			n++
			id := r.Run.ID()
			if texts := contradictions(r, chooses); len(texts) > 0 {
				wrong = append(wrong, fmt.Sprintf("run %.12s: %s", id, texts[0]))
			}
			if jsondiff.Text(r.Spec) != spec {
				wrong = append(wrong,
					fmt.Sprintf("run %.12s: its problem differs from that in definitions.json", id))
			}
			if r.Run.Protocol != b.About.Protocol {
				versions = append(versions, fmt.Sprintf("run %.12s: protocol version %d", id, r.Run.Protocol))
			}
			// Bits may differ where fingerprints do, which the digest covers, and by rounding only.
			place := fmt.Sprintf("%s\x00%d", cell.Problem, r.Run.Seed)
			key := place + "\x00" + madeBy(b, r)
			start := r.Points[0]
			first, known := starting[key]
			elsewhere, known2 := others[place]
			if known && jsondiff.Text(first) != jsondiff.Text(start) ||
				known2 && !start.Near(&elsewhere, r.Spec.DType) {
				starts = append(starts,
					fmt.Sprintf("run %.12s: %s on %s, seed %d", id, cell.Optimizer, cell.Problem, r.Run.Seed))
			}
			if !known {
				starting[key] = start
			}
			if !known2 {
				others[place] = start
			}
		}
	}
	x.Add(Consistency, "records",
		fmt.Sprintf("budgets, charges and evaluation marks of %s add up", text.Count(n, "run")),
		"records contradict themselves", wrong)
	x.Add(Consistency, "protocol", fmt.Sprintf("all of protocol version %d", b.About.Protocol),
		fmt.Sprintf("records of another protocol version than %d", b.About.Protocol), versions)
	if b.About.Protocol != protocol.Version {
		x.Note(Consistency, "older protocol", fmt.Sprintf("the bundle is of protocol version %d, this "+
			"bench of version %d: its runs cannot be ranked against runs of today", b.About.Protocol,
			protocol.Version))
	}
	for _, t := range b.About.Taken {
		x.Note(Completeness, "taken", fmt.Sprintf("%s came from the bundle %s (root %.12s), made on "+
			"%s; the author made %d of its runs again",
			text.Count(t.Runs, "run"), cmp.Or(t.Title, t.Plan), t.Root, strings.Join(t.Platforms, ", "),
			t.Checked))
	}
	if len(seeds) > 0 && len(x.Decisions.Plan.Deviations()) > 0 {
		x.Note(Consistency, "seeds", "tuning seeds are reported too, as the plan says", seeds...)
	} else {
		x.Add(Consistency, "seeds", "no tuning seed is reported", "tuning seeds are reported too", seeds)
	}
	x.Add(Consistency, "starts",
		fmt.Sprintf("runs of one seed start from the same point, in %s",
			text.Count(len(starting), "problem-seed pair")),
		"runs of one seed on one problem start from different values", starts)
	copied, doubtful := copies(all, b.Losses)
	x.Add(Consistency, "copies", "no run is that of another seed",
		fmt.Sprintf("%s copied from another seed", text.CountIs(len(copied), "run")), copied)
	if len(doubtful) > 0 {
		x.Note(Consistency, "equal runs", "runs of different seeds whose evaluations are equal, but "+
			"not their batch losses: the optimizer makes nothing of the noise, or they were copied",
			doubtful...)
	}
}

// madeBy names the definitions of a bundle that made a record; where there are no fingerprints, the
// platform that it names.
func madeBy(b *bundle.Bundle, r *results.Record) string {
	if r.Run.Problem.Fingerprint == "" {
		return r.Host.Platform + " " + r.Host.GoVersion
	}
	for i := range b.Definitions.Others {
		if b.Definitions.Others[i].Made(r) {
			return fmt.Sprint(i)
		}
	}
	return ""
}

package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/plugins"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

// local is what this machine has of what a bundle names, by the names of its plan. What it lacks, or has in another
// version, is not in it.
type local struct {
	problems   map[string]protocol.ProblemDef
	optimizers map[string]protocol.OptimizerDef
}

// kin says how what this machine has of a name is related to what a bundle was made by.
type kin int

const (
	isAbsent  kin = iota
	isSwapped     // it was given as the plugin of the bundle, and is not
	isChanged     // another version
	isRebuilt     // the same version, of other code or computing other bits
	isSame        // the same code, computing the same bits
)

// made is what a bundle says of the code of a definition.
type made struct {
	name, version string
	origin        protocol.Origin
	prints        map[string]string // fingerprints, by what was measured
}

// relative finds the definition that is nearest to one that made a bundle's runs, and says in what they differ. measure is
// asked for the fingerprints here.
func relative[D any](c *catalogue, m made, allowRebuilt bool, of func(*plugins.Plugin) []definition[D],
	versionOf func(D) string, measure func(D) map[string]string,
) (best D, how kin, differs []string) {
	consider := func(list []*plugins.Plugin, given bool) {
		for _, p := range list {
			for _, d := range of(p) {
				if d.name != m.name {
					continue
				}
				k := isChanged
				var why []string
				if versionOf(d.def) == m.version || given {
					why = m.differences(d.origin, measure(d.def))
				}
				switch {
				case versionOf(d.def) == m.version && len(why) == 0:
					k = isSame
				case given && !allowRebuilt:
					k = isSwapped
				case versionOf(d.def) == m.version:
					k = isRebuilt
				}
				if k > how {
					best, how, differs = d.def, k, why
				}
			}
		}
	}
	if m.origin.Plugin == builtIn {
		consider(c.own, false)
		return best, how, differs
	}
	consider(c.named, true)
	if how == isAbsent {
		if consider(c.found(), false); how == isRebuilt && !allowRebuilt {
			how = isAbsent // found by chance, not given
		}
	}
	return best, how, differs
}

// differences says in what the code here differs from that of the bundle; nothing: in nothing that is known.
func (m *made) differences(here protocol.Origin, prints map[string]string) (texts []string) {
	differ := func(what, there, here string) {
		if there != here {
			texts = append(texts, fmt.Sprintf("%s %s in the bundle, %s here", what, cmp.Or(short12(there), "none"), cmp.Or(short12(here), "none")))
		}
	}
	if m.origin.Plugin == builtIn {
		here.SHA256 = "" // of contract 1, see below
		if m.origin.SHA256 != "" {
			return []string{fmt.Sprintf("another build, sha256 %.12s", m.origin.SHA256)}
		}
	}
	differ("digest", m.origin.Digest, here.Digest)
	differ("sha256", m.origin.SHA256, here.SHA256)
	if m.origin.Environment != here.Environment {
		there, here := strings.Split(m.origin.Environment, "; "), strings.Split(here.Environment, "; ")
		for _, e := range there {
			if e != "" && !slices.Contains(here, e) {
				texts = append(texts, e+" in the bundle's environment, not here")
			}
		}
		for _, e := range here {
			if e != "" && !slices.Contains(there, e) {
				texts = append(texts, e+" in the environment here, not in the bundle's")
			}
		}
	}
	for _, what := range slices.Sorted(maps.Keys(m.prints)) {
		if print, ok := prints[what]; ok {
			differ(strings.TrimSpace("fingerprint "+what), m.prints[what], print)
		}
	}
	return texts
}

// short12 is the beginning of a long digest.
func short12(s string) string {
	if len(s) > 14 {
		return s[:14]
	}
	return s
}

// compareLocal checks what a bundle says of its optimizers, problems and data against what this machine has.
func (x *examined) compareLocal(c *catalogue, allowRebuilt bool) *local {
	l := &local{map[string]protocol.ProblemDef{}, map[string]protocol.OptimizerDef{}}
	var differ, exchanged, unknown, otherVersion, data, otherBits []string
	others := map[string][]string{} // names that other code serves here, by that of the bundle
	compared := 0
	exact := x.sameArithmetic()
	sort := func(kind string, m made, how kin, differs []string, here string) bool {
		who := fmt.Sprintf("%s %s", kind, m.name)
		switch how {
		case isAbsent:
			unknown = append(unknown, fmt.Sprintf("%s, version %s, of %v", who, m.version, m.origin))
		case isSwapped:
			exchanged = append(exchanged, fmt.Sprintf("%s: the plugin given is not the %s of the records: %s", who, m.origin.Plugin,
				strings.Join(append(differs, versionDiffers(m.version, here)...), "; ")))
		case isChanged:
			otherVersion = append(otherVersion, fmt.Sprintf("%s: version %s in the bundle, %s here", who, m.version, here))
		case isRebuilt:
			if m.origin.Plugin == builtIn && m.origin.SHA256 == "" && exact {
				otherBits = append(otherBits, fmt.Sprintf("%s, version %s: %s", who, m.version, strings.Join(differs, "; ")))
			}
			others[strings.Join(differs, "; ")] = append(others[strings.Join(differs, "; ")], m.name)
		}
		return how >= isRebuilt
	}
	for _, key := range slices.Sorted(maps.Keys(x.bundle.Definitions.Optimizers)) {
		o := x.bundle.Definitions.Optimizers[key]
		m := made{o.Name, o.Version, o.Plugin, map[string]string{"": o.Fingerprint}}
		if o.Fingerprint == "" {
			m.prints = nil
		}
		def, how, differs := relative(c, m, allowRebuilt, optimizersOf, func(d protocol.OptimizerDef) string { return d.Version },
			func(d protocol.OptimizerDef) map[string]string {
				if print, err := d.Fingerprint(); err == nil {
					return map[string]string{"": print}
				}
				return nil
			})
		if !sort("optimizer", m, how, differs, def.Version) {
			continue
		}
		compared++
		here := bundle.DescribeOptimizer(&def)
		for _, d := range differences(o, here, "plugin", "doc", "source", "fingerprint") {
			differ = append(differ, fmt.Sprintf("optimizer %s: %s", o.Name, d))
		}
		l.optimizers[key] = def
	}
	for _, key := range slices.Sorted(maps.Keys(x.bundle.Definitions.Problems)) {
		p := x.bundle.Definitions.Problems[key]
		m := made{p.Name, p.Version, p.Plugin, map[string]string{}}
		for i, s := range p.Specs {
			for needs, print := range s.Fingerprints {
				m.prints[fmt.Sprintf("%d of %s", i+1, needs)] = print
			}
		}
		def, how, differs := relative(c, m, allowRebuilt, problemsOf, func(d protocol.ProblemDef) string { return d.Version },
			func(d protocol.ProblemDef) map[string]string { return measuredLike(&p, &d) })
		if !sort("problem", m, how, differs, def.Version) {
			continue
		}
		compared++
		here := bundle.DescribeProblem(&def)
		differing := differences(p, here, "plugin", "doc", "source", "specs")
		for _, s := range p.Specs {
			spec, err := def.Spec(s.At)
			if err != nil {
				differing = append(differing, fmt.Sprintf("at %s: %v", s.At, err))
				continue
			}
			if d := differences(s.Spec.Data, spec.Data); len(d) > 0 {
				data = append(data, fmt.Sprintf("problem %s: data%s", p.Name, strings.Join(d, "; data")))
			}
			but := []string{"data", "measures", "constants"}
			if x.bundle.About.Protocol != protocol.Version {
				but = append(but, "blocks") // contract 1 has no shapes
			}
			differing = append(differing, differences(s.Spec, spec, but...)...)
			if missing := s.Spec.Measures &^ spec.Measures; missing != 0 {
				differing = append(differing, fmt.Sprintf("measures %v, which it does not here", missing))
			}
			for _, name := range slices.Sorted(maps.Keys(s.Spec.Constants)) { // a later build may declare more
				if v, ok := spec.Constants[name]; !ok || v != s.Spec.Constants[name] {
					differing = append(differing, fmt.Sprintf("constant %s: got %g, want %g", name, s.Spec.Constants[name], v))
				}
			}
		}
		for _, d := range differing {
			differ = append(differ, fmt.Sprintf("problem %s: %s", p.Name, d))
		}
		l.problems[key] = def
	}
	x.add("local", "definitions", fmt.Sprintf("%s the same as here", isAre(compared, "definition")),
		"the bundle declares otherwise than this machine for the same versions", differ)
	x.add("local", "data", "data sets have the hashes that the problems here ask for",
		"other data than the problems here ask for", data)
	x.add("local", "plugins", "no plugin was exchanged for another",
		"plugins are not those that made the records; give the right ones by --plugin (or --rebuilt, if these are from the same source)",
		exchanged)
	x.add("local", "bits", "built-in optimizers and problems compute the same bits here, as far as fingerprints show",
		"built-in optimizers or problems compute other bits here, on the same platform, than where the records were made", otherBits)
	for _, how := range slices.Sorted(maps.Keys(others)) {
		if len(otherBits) > 0 && strings.HasPrefix(how, "fingerprint") {
			continue
		}
		x.note("local", "build", fmt.Sprintf("%s of other code or another platform (%s), of the same versions: equal bits are expected "+
			"on the same platform", isAre(len(others[how]), "definition"), how), append([]string{strings.Join(others[how], ", ")}, x.howToBuild()...)...)
	}
	if len(otherVersion) > 0 {
		x.note("local", "versions", "not compared, since the version here is another", append(otherVersion, x.howToBuild()...)...)
	}
	if len(unknown) > 0 {
		x.note("local", "unknown", "not compared, since this machine does not have them; give the plugin by --plugin", unknown...)
	}
	return l
}

// sameArithmetic reports whether all of a bundle's runs were made on a platform and with a Go version like those here.
func (x *examined) sameArithmetic() bool {
	host := thisHost()
	return !slices.ContainsFunc(x.bundle.About.MadeBy, func(m bundle.Maker) bool {
		return m.Platform != host.Platform || m.GoVersion != host.GoVersion
	})
}

func versionDiffers(there, here string) []string {
	if there == here {
		return nil
	}
	return []string{fmt.Sprintf("version %s in the bundle, %s here", there, here)}
}

// measuredLike measures a problem as a bundle's one was measured.
func measuredLike(p *bundle.Problem, def *protocol.ProblemDef) map[string]string {
	prints := map[string]string{}
	for i, s := range p.Specs {
		for needs := range s.Fingerprints {
			q, err := protocol.ParseQuantity(needs)
			if err != nil {
				continue
			}
			if print, err := def.Fingerprint(s.At, q); err == nil {
				prints[fmt.Sprintf("%d of %s", i+1, needs)] = print
			}
		}
	}
	return prints
}

// howToBuild says how to get the builds of bench that made the records.
func (x *examined) howToBuild() (texts []string) {
	for _, m := range x.bundle.About.MadeBy {
		texts = append(texts, fmt.Sprintf("the build: noisebench %s, %s, for %s: go build -trimpath ./cmd/bench",
			m.Harness, m.GoVersion, m.Platform))
	}
	return texts
}

// rerunCount says what came of making runs again.
type rerunCount struct {
	Runs   int `json:"runs"`   // of the bundle
	Made   int `json:"made"`   // of them, made again
	Bits   int `json:"bits"`   // of those, with the same bits
	Near   int `json:"near"`   // of those, within the tolerances for another platform
	Differ int `json:"differ"` // of those, otherwise
}

// chosen is a run to be made again.
type chosen struct {
	id      string
	record  *results.Record
	cell    int
	purpose harness.Purpose
}

// sample chooses runs at random: purposes in turn, within a purpose cells in random order, within a cell runs in random
// order. It is a function of the seed and of what can be run.
func (x *examined) sample(seed uint64, runnable func(cell int) bool, many share) (picked []chosen, of int) {
	random := protocol.Stream(seed, "verify")
	purposes := []harness.Purpose{harness.ForReplicate, harness.ForSweep, harness.ForTie, harness.ForOneShot}
	strata := map[harness.Purpose][][]chosen{}
	all := map[string]bool{}
	for i, cell := range x.cells {
		if !runnable(i) {
			continue
		}
		mine := map[harness.Purpose][]chosen{}
		add := func(purpose harness.Purpose, records []*results.Record) {
			for _, r := range records {
				id := r.Run.ID()
				all[id] = true
				mine[purpose] = append(mine[purpose], chosen{id, r, i, purpose})
			}
		}
		add(harness.ForReplicate, cell.Runs)
		add(harness.ForOneShot, cell.OneShot)
		for _, r := range cell.Tuning {
			if r.Run.Seed == x.campaign.Plan.Tuning.SweepSeed() {
				add(harness.ForSweep, []*results.Record{r})
			} else {
				add(harness.ForTie, []*results.Record{r})
			}
		}
		for _, p := range purposes {
			if len(mine[p]) > 0 {
				slices.SortFunc(mine[p], func(a, b chosen) int { return cmp.Compare(a.id, b.id) })
				random.Shuffle(len(mine[p]), func(a, b int) { mine[p][a], mine[p][b] = mine[p][b], mine[p][a] })
				strata[p] = append(strata[p], mine[p])
			}
		}
	}
	for _, p := range purposes {
		random.Shuffle(len(strata[p]), func(a, b int) { strata[p][a], strata[p][b] = strata[p][b], strata[p][a] })
	}
	taken := map[string]bool{}
	for n := many.of(len(all)); len(picked) < n; {
		for _, p := range purposes {
			for len(strata[p]) > 0 {
				first := strata[p][0]
				strata[p] = strata[p][1:]
				if len(first) > 1 {
					strata[p] = append(strata[p], first[1:]) // its turn comes again
				}
				if c := first[0]; !taken[c.id] {
					taken[c.id] = true
					picked = append(picked, c)
					break
				}
			}
			if len(picked) == n {
				break
			}
		}
	}
	return picked, len(all)
}

// rerun makes a sample of the runs again and compares.
func (x *examined) rerun(cmd *cobra.Command, l *local, alloc harness.Alloc, which selection, parallel int) error {
	plan := &x.campaign.Plan
	entries := func(i int) (protocol.ProblemEntry, protocol.OptimizerEntry) {
		return plan.Problems[i/len(plan.Optimizers)], plan.Optimizers[i%len(plan.Optimizers)]
	}
	shut := map[string]error{} // problems that cannot be opened
	var reasons []string
	for key, def := range l.problems {
		for _, s := range x.bundle.Definitions.Problems[key].Specs {
			if err := tryOpen(def, s); err != nil && shut[key] == nil {
				shut[key] = err
				reasons = append(reasons, err.Error())
			}
		}
	}
	runnable := func(i int) bool {
		p, o := entries(i)
		_, haveProblem := l.problems[p.Problem]
		_, haveOptimizer := l.optimizers[o.Optimizer]
		return haveProblem && haveOptimizer && shut[p.Problem] == nil
	}
	picked, of := x.pick(which, runnable)
	left := 0
	for i := range x.cells {
		if !runnable(i) {
			left++
		}
	}
	if left > 0 {
		slices.Sort(reasons)
		x.note("re-run", "left out", fmt.Sprintf("%s cannot be run here", count(left, "optimizer-problem pair")), reasons...)
	}
	x.Rerun.Runs = of
	if len(picked) == 0 {
		x.note("re-run", "sample", "no run could be made again")
		return nil
	}
	host := thisHost()
	var mu sync.Mutex
	var differ, bits, near []string
	var stop error
	var workers sync.WaitGroup
	work := make(chan chosen)
	for range parallel {
		workers.Go(func() {
			for c := range work {
				p, o := entries(c.cell)
				record, err := harness.Run(cmd.Context(), l.problems[p.Problem], l.optimizers[o.Optimizer], c.record.Run, alloc)
				text := fmt.Sprintf("%s of %s on %s, seed %d, run %.12s", c.purpose, o.Name, p.Name, c.record.Run.Seed, c.id)
				exact := c.record.Host.Platform == host.Platform && c.record.Host.GoVersion == host.GoVersion
				var how comparison
				if record != nil {
					how = x.compare(c, record, exact, x.bundle.Definitions.Optimizers[o.Optimizer].ChoosesBatchSize)
				}
				mu.Lock()
				switch {
				case record == nil:
					stop = cmp.Or(stop, err)
				case how.bits:
					bits = append(bits, text)
					x.checks = append(x.checks, checkOf(c.id, true))
				case how.near:
					x.checks = append(x.checks, checkOf(c.id, false))
					near = append(near, text+": "+how.text)
				default:
					differ = append(differ, text+": "+how.text)
				}
				mu.Unlock()
			}
		})
	}
	for _, c := range picked {
		work <- c
	}
	close(work)
	workers.Wait()
	if stop != nil {
		return stop
	}
	x.Rerun = rerunCount{of, len(picked), len(bits), len(near), len(differ)}
	slices.Sort(differ)
	slices.Sort(near)
	sampled := fmt.Sprintf("%d of %s made again (seed %d)", len(picked), count(of, "run"), x.Seed)
	good := fmt.Sprintf("%s: all have the same bits", sampled)
	if len(near) > 0 {
		good = fmt.Sprintf("%s: %d with the same bits, %d within the tolerances for another platform or Go version",
			sampled, len(bits), len(near))
	}
	x.add("re-run", "sample", good, fmt.Sprintf("%s: %d differ", sampled, len(differ)), differ)
	if len(near) > 0 {
		x.note("re-run", "tolerance", "records of another platform or Go version, so that bits may differ", near...)
	}
	return nil
}

// tryOpen opens a problem, so that missing data are told before anything runs.
func tryOpen(def protocol.ProblemDef, s bundle.Spec) error {
	var problem any
	var err error
	switch {
	case s.Spec.DType == protocol.Float32 && def.New32 != nil:
		problem, err = def.New32(s.At)
	case s.Spec.DType == protocol.Float64 && def.New64 != nil:
		problem, err = def.New64(s.At)
	default:
		err = fmt.Errorf("it has no %s version", s.Spec.DType)
	}
	if err == nil {
		if closer, ok := problem.(io.Closer); ok {
			err = closer.Close()
		}
	}
	if err != nil {
		return fmt.Errorf("problem %s: %w", def.Name, err)
	}
	return nil
}

// comparison is what comes of comparing a run that was made again with its record.
type comparison struct {
	bits bool   // the same bits
	near bool   // on another platform, and within the tolerances
	text string // what differs
}

// compare compares a run that was made again with its record in the bundle.
func (x *examined) compare(c chosen, again *results.Record, exact, chooses bool) comparison {
	made, err := results.Encode(again)
	if err != nil {
		return comparison{text: err.Error()}
	}
	made = made[:1+bytes.LastIndexByte(made[:len(made)-1], '\n')]
	if sum := sha256.Sum256(made); hex.EncodeToString(sum[:]) == x.bundle.Outcomes[c.id] {
		return comparison{bits: true}
	}
	if again.End.Status == results.Failed {
		return comparison{text: "failed when it was made again: " + again.End.Reason}
	}
	if !exact {
		text := withinTolerance(c.record, again, &x.campaign.Plan, chooses)
		if text == "" {
			return comparison{near: true, text: fmt.Sprintf("recorded on %s by %s", c.record.Host.Platform, c.record.Host.GoVersion)}
		}
		return comparison{text: text}
	}
	recorded, err := bundle.RawRecord(x.path, c.id)
	if err != nil {
		return comparison{text: err.Error()}
	}
	text := firstDifference(recorded, made)
	return comparison{bits: text == "", text: text}
}

// firstDifference shows the first place where two records differ; empty: nowhere. What they say of the problem does not
// count: another build may declare more of it, and it is compared with the definitions.
func firstDifference(recorded, made []byte) string {
	recorded = recorded[:1+bytes.LastIndexByte(recorded[:len(recorded)-1], '\n')] // without the host
	a, b := bytes.Split(recorded, []byte("\n")), bytes.Split(made, []byte("\n"))
	points := -1
	for i := range min(len(a), len(b)) {
		kind, _, _ := strings.Cut(strings.TrimPrefix(string(a[i]), `{"`), `"`)
		if kind == "point" {
			points++
			kind = fmt.Sprintf("point %d", points)
		}
		if bytes.Equal(a[i], b[i]) || kind == "problem" {
			continue
		}
		at := 0
		for at < min(len(a[i]), len(b[i])) && a[i][at] == b[i][at] {
			at++
		}
		from := 1 + bytes.LastIndexAny(a[i][:at], ",{[")
		return fmt.Sprintf("%s differs: recorded …%s, made again …%s", kind, excerpt(a[i], from), excerpt(b[i], from))
	}
	if len(a) != len(b) {
		return fmt.Sprintf("recorded with %s, made again with %d", count(len(a)-1, "line"), len(b)-1)
	}
	return ""
}

func excerpt(line []byte, from int) string { return string(line[from:min(len(line), from+40)]) }

// withinTolerance says in what a run made on another platform differs by more than rounding and the drift that comes of it
// explain; empty: in nothing. The text of bench verify --help states the limits.
func withinTolerance(recorded, again *results.Record, plan *protocol.Plan, chooses bool) string {
	if recorded.End.Status != again.End.Status {
		return fmt.Sprintf("recorded as %s, ended %s when made again", recorded.End.Status, again.End.Status)
	}
	if !chooses && recorded.End.Status == results.OK && recorded.End.Steps != again.End.Steps {
		return fmt.Sprintf("recorded with %d steps, made again with %d", recorded.End.Steps, again.End.Steps)
	}
	relative := 1e-9
	if recorded.Spec.DType == protocol.Float32 {
		relative = 1e-5
	}
	for _, part := range []protocol.Part{protocol.TrainPart, protocol.ValidationPart, protocol.TestPart} {
		a, haveA := recorded.Points[0].At(part)
		b, haveB := again.Points[0].At(part)
		if haveA != haveB || !agree(float64(a.Loss), float64(b.Loss), relative) {
			return fmt.Sprintf("starts at a %s loss of %g when made again, recorded as %g", part, b.Loss, a.Loss)
		}
	}
	if recorded.Diverged() {
		return "" // how far it got before that is chance
	}
	for _, part := range []protocol.Part{plan.Selection, protocol.TestPart} {
		part = results.PartFor(&recorded.Spec, part)
		a, b := recorded.Score(plan.Report, plan.Selection, part), again.Score(plan.Report, plan.Selection, part)
		start, _ := recorded.Points[0].At(part)
		δ := max(results.Equivalence(&recorded.Spec, part, float64(start.Metric), b), relative*math.Abs(b))
		if !(math.Abs(a-b) <= δ) {
			return fmt.Sprintf("%s %s is %g when made again, recorded as %g, more than %.3g apart", part, recorded.Spec.Metric.Name, b, a, δ)
		}
	}
	return ""
}

// agree reports whether two values agree up to a relative difference.
func agree(a, b, relative float64) bool {
	return math.Abs(a-b) <= relative*max(math.Abs(a), math.Abs(b))
}

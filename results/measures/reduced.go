package measures

import (
	"math"
	"slices"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
)

// reduced is what a report needs of a cell, without its records. Values are of the part of the
// problem that is reported.
type reduced struct {
	cell      results.Cell // without records
	contract  int          // of the records that were accepted
	latest    int          // contract of any record; 0 if there are none
	records   int          // accepted
	refused   int          // of other contracts
	platforms map[string]bool
	ids       []results.ShortID
	spec      *protocol.ProblemSpec // of the first record; nil if there are none
	first     *results.Run          // of the replicates; nil if there are none
	metric    protocol.Metric       // of that
	replicas  []replicate
	reached   []float64 // by all replicates, one after the other: values better than all before
	points    []int32   // of their runs, where that was
	seen      [][]int64 // examples seen at the points of a run; most runs share one
	met       *Times    // the target, in place of the last three; nil: not known yet
	oneShot   []scored
	row       Row
	measures  Measures  // of the cell alone
	notes     []Warning // on these
}

// scored is a run with its score by the plan's rule.
type scored struct {
	seed  uint64
	score float64
}

// replicate is a replicate of the chosen setting.
type replicate struct {
	scored
	start     float64
	end, seen int32 // the end of its part of reduced.reached; in reduced.seen
}

// reduce takes what a report needs from a cell. Records of another contract than the cell's latest,
// or of a later one than this version's, are left out.
func reduce(plan *protocol.Plan, c results.Cell) reduced {
	s := reduced{platforms: map[string]bool{}}
	for _, r := range c.Records() {
		s.latest = max(s.latest, r.Run.Protocol)
		if r.Run.Protocol <= protocol.Version {
			s.contract = max(s.contract, r.Run.Protocol)
		}
	}
	if c.Unranked == "" { // else they may be of any
		missing := c.Missing
		c = ofContract(s.contract, c)
		s.refused = c.Missing - missing
	}
	var ids results.IDs
	for _, r := range c.Records() {
		s.platforms[r.Host.Platform] = true
		s.ids = append(s.ids, ids.Short(&r.Run))
		if s.spec == nil {
			spec := r.Spec
			s.spec = &spec
		}
	}
	s.records = len(s.ids)
	s.row = newRow(plan, c)
	s.measures = noMeasures(0)
	s.cell = c
	s.cell.Runs, s.cell.OneShot, s.cell.Tuning = nil, nil, nil
	if len(c.Runs) > 0 {
		first := c.Runs[0].Run
		s.first, s.metric = &first, c.Runs[0].Spec.Metric
	}
	if s.spec == nil {
		return s
	}
	part := results.PartFor(s.spec, protocol.TestPart)
	on := scaleOf(s.spec)
	for _, r := range c.OneShot {
		s.oneShot = append(s.oneShot, scoreOf(plan, r))
	}
	var areas []float64
	q := Quantity{part, true}
	var values, times, scaled []float64
	for _, r := range c.Runs {
		values = valuesOf(values[:0], r, q)
		for i, v := range values {
			if i == 0 || results.Better(r.Spec.Metric, v, s.reached[len(s.reached)-1]) {
				s.reached, s.points = append(s.reached, v), append(s.points, int32(i))
			}
		}
		if n := len(s.seen); n == 0 || !slices.EqualFunc(s.seen[n-1], r.Points,
			func(seen int64, p results.Point) bool { return seen == p.Seen }) {
			seen := make([]int64, len(r.Points))
			for i := range seen {
				seen[i] = r.Points[i].Seen
			}
			s.seen = append(s.seen, seen)
		}
		times, scaled = curveOf(times[:0], scaled[:0], on, r, q, values)
		areas = append(areas, stats.AUC(times, scaled, float64(r.Run.Budget)))
		s.replicas = append(s.replicas, replicate{
			scoreOf(plan, r), start(r, part), int32(len(s.reached)), int32(len(s.seen) - 1),
		})
	}
	s.reached, s.points = slices.Clone(s.reached), slices.Clone(s.points) // without spare capacity
	s.measures.AUC = on.back(stats.Mean(areas))
	s.measures.tune(plan, on, c)
	s.noteMeasures(plan, on, c)
	return s
}

// valuesOf appends the values of a run at the marks of its points.
func valuesOf(values []float64, r *results.Record, q Quantity) []float64 {
	last := 0
	for i := range r.Points {
		mark := r.Points[i].Mark
		for last = max(last, i); last+1 < len(r.Points) && r.Points[last+1].Mark <= mark; {
			last++
		}
		values = append(values, valueFrom(r, q, last, mark))
	}
	return values
}

// curveOf appends the examples seen at the points of a run, and there the metric on the scale, where
// values are those of valuesOf. From where the run is not finite, or has diverged, it counts as in
// Curves.
func curveOf(times, scaled []float64, on scale, r *results.Record, q Quantity, values []float64) (
	[]float64, []float64,
) {
	for i := range r.Points {
		if seen := float64(r.Points[i].Seen); i == 0 || seen > times[len(times)-1] {
			times = append(times, seen)
			scaled = append(scaled, on.of(values[i]))
		}
	}
	if r.Diverged() {
		scaled[len(scaled)-1] = on.of(ValueAt(r, q, r.Run.Budget))
	}
	return times, scaled
}

func scoreOf(plan *protocol.Plan, r *results.Record) scored {
	return scored{r.Run.Seed, r.Score(plan.Report, plan.Selection, protocol.TestPart)}
}

// scores are those of the replicates.
func (s *reduced) scores() []float64 {
	var all []float64
	for _, r := range s.replicas {
		all = append(all, r.score)
	}
	return all
}

// timesTo tells when the replicates met a target: at the first evaluation that was as good.
func (s *reduced) timesTo(target float64) Times {
	if s.met != nil {
		return *s.met
	}
	t := Times{N: len(s.replicas)}
	var examples []float64
	begin := int32(0)
	for _, r := range s.replicas {
		seen := math.Inf(1)
		for k := begin; k < r.end; k++ {
			if !results.Better(s.spec.Metric, target, s.reached[k]) {
				seen = float64(s.seen[r.seen][s.points[k]])
				t.Reached++
				break
			}
		}
		begin = r.end
		examples = append(examples, seen)
	}
	t.Median = stats.Median(examples)
	return t
}

package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
)

// outcome is the result of comparing a run that was made again with its record.
type outcome struct {
	bits bool   // the same bits
	near bool   // on another platform, and within the tolerances
	text string // what differs
	// of a near run
	deviations []deviation
}

// compare compares a run that was made again with its record in the bundle.
func compare(x *check.Checked, c *chosen, again *results.Record, exact, chooses bool) outcome {
	made, err := results.Encode(again)
	if err != nil {
		return outcome{text: err.Error()}
	}
	made, _ = results.SplitOutcome(made)
	if sum := sha256.Sum256(made); hex.EncodeToString(sum[:]) == x.Bundle.Outcomes[c.id] {
		return outcome{bits: true}
	}
	if again.End.Status == results.Failed {
		return outcome{text: "failed when it was made again: " + again.End.Reason}
	}
	if !exact {
		differs := withinTolerance(c.record, again, &x.Decisions.Plan, chooses)
		if differs == "" {
			o := outcome{
				near: true,
				text: fmt.Sprintf("recorded on %s by %s", c.record.Host.Platform, c.record.Host.GoVersion),
			}
			if !c.record.Diverged() { // when a run diverges depends on rounding
				o.deviations = deviations(c.record, again, &x.Decisions.Plan)
			}
			return o
		}
		return outcome{text: differs}
	}
	recorded, err := bundle.RawRecord(x.Path, c.id)
	if err != nil {
		return outcome{text: err.Error()}
	}
	differs := firstDifference(recorded, made)
	return outcome{bits: differs == "", text: differs}
}

// firstDifference shows the first place where a whole record and the outcome made again differ;
// empty if they are equal. Their lines on the problem are left out: another build may declare more
// of it, and it is compared with the definitions.
func firstDifference(recorded, made []byte) string {
	recorded, _ = results.SplitOutcome(recorded)
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
		return fmt.Sprintf("%s differs: recorded …%s, made again …%s", kind, excerpt(a[i], from),
			excerpt(b[i], from))
	}
	if len(a) != len(b) {
		return fmt.Sprintf("recorded with %s, made again with %d", text.Count(len(a)-1, "line"), len(b)-1)
	}
	return ""
}

func excerpt(line []byte, from int) string { return string(line[from:min(len(line), from+40)]) }

// withinTolerance describes in what a run made on another platform differs by more than rounding
// errors and their growth explain; empty if in nothing. The text of bench verify --help states the
// limits. They follow from what the problem declares here, since a forged declaration in the record
// could make them wider.
func withinTolerance(recorded, again *results.Record, plan *protocol.Plan, chooses bool) string {
	if recorded.End.Status != again.End.Status {
		return fmt.Sprintf("recorded as %s, ended %s when made again", recorded.End.Status,
			again.End.Status)
	}
	if !chooses && recorded.End.Status == results.OK && recorded.End.Steps != again.End.Steps {
		return fmt.Sprintf("recorded with %d steps, made again with %d", recorded.End.Steps,
			again.End.Steps)
	}
	relative := results.Rounding(again.Spec.DType)
	for _, part := range []protocol.Part{
		protocol.TrainPart, protocol.ValidationPart, protocol.TestPart,
	} {
		a, haveA := recorded.Points[0].At(part)
		b, haveB := again.Points[0].At(part)
		if haveA != haveB || !agree(float64(a.Loss), float64(b.Loss), relative) {
			return fmt.Sprintf("starts at a %s loss of %g when made again, recorded as %g", part, b.Loss,
				a.Loss)
		}
	}
	if recorded.Diverged() {
		return "" // when a run diverges depends on rounding
	}
	for _, part := range []protocol.Part{plan.Selection, protocol.TestPart} {
		part = results.PartFor(&again.Spec, part)
		a, b := recorded.Score(plan.Report, plan.Selection, part),
			again.Score(plan.Report, plan.Selection, part)
		start, _ := again.Points[0].At(part)
		δ := max(results.Equivalence(&again.Spec, part, float64(start.Metric), b), relative*math.Abs(b))
		if !(math.Abs(a-b) <= δ) {
			return fmt.Sprintf("%s %s is %g when made again, recorded as %g, more than %.3g apart", part,
				again.Spec.Metric.Name, b, a, δ)
		}
	}
	return ""
}

// agree reports whether two values agree up to a relative difference.
func agree(a, b, relative float64) bool {
	return math.Abs(a-b) <= relative*max(math.Abs(a), math.Abs(b))
}

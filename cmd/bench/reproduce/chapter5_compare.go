package reproduce

import (
	"math"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
)

// comparison is one pair of a claim about optimizers.
type comparison struct {
	claim, text string
	a, b        string // optimizers: a is claimed to be better
	problem     string
	value       func(*results.Record) float64
	higher      bool
	what        string  // the value, in words
	least       float64 // effect that the claim's words stand for; 0: any
	greatest    float64 // effect that they stand for; 0: any
}

// What words stand for, where the thesis does not say: a clear gain in accuracy is a point in the
// hundred, which is between the two gains that the thesis has in numbers, 0.4 points on CIFAR-10
// and 1.4 points on CIFAR-100 (Sec. 4.4.4); a slight one is one that is not clear, since the same
// gain cannot be both; a much lower training loss is less than half, whose logarithm is lower by
// log 2.
const (
	clearly  = 0.01
	slightly = clearly
	much     = math.Ln2
)

// width5 is the difference in test accuracy below which two optimizers do the same for practical
// purposes. It was fixed before the runs: the standard error of an accuracy of 0.9 on the 10,000
// test examples of P1 to P3. On P4 it is the same.
const width5 = 0.003

var (
	trainLoss    = lossAt(1)
	testAccuracy = final(protocol.TestPart)
)

// logTrainLoss is the logarithm of the training loss at the end, for claims about its factor.
func logTrainLoss(r *results.Record) float64 { return math.Log(trainLoss(r)) }

// The values of comparisons, in words.
const (
	endLoss     = "training loss at the end"
	endLogLoss  = "logarithm of the training loss at the end"
	endAccuracy = "test accuracy at the end"
	earlyLoss   = "training loss at a quarter of the budget"
)

// judge judges comparisons whose problem is among the plans that were run.
func judge(in *Input, all []comparison) []Finding {
	var findings []Finding
	for _, c := range all {
		for i := range in.Done {
			a, b := in.Done[i].Cell(c.problem, c.a), in.Done[i].Cell(c.problem, c.b)
			if a == nil || b == nil {
				continue
			}
			x, y := paired(a, b, c.value)
			on := strings.ToUpper(c.problem) + ", " + c.what
			f := betterBy(c.claim, c.text, on, x, y, c.higher, c.least)
			if c.greatest > 0 {
				f = betterWithin(c.claim, c.text, on, x, y, c.higher, c.greatest)
			}
			findings = append(findings, f)
		}
	}
	return findings
}

// likeness judges that two optimizers end with test accuracies that are equal for practical
// purposes.
func likeness(in *Input, claim, text, problem, a, b string) []Finding {
	return ends(in, claim, text, problem, a, b, same)
}

// harmless judges that a does not end with a test accuracy that is worse than b's.
func harmless(in *Input, claim, text, problem, a, b string) []Finding {
	return ends(in, claim, text, problem, a, b, notWorse)
}

func ends(
	in *Input, claim, text, problem, a, b string,
	judge func(claim, text, on string, x, y []float64, δ float64) Finding,
) []Finding {
	var findings []Finding
	for i := range in.Done {
		ca, cb := in.Done[i].Cell(problem, a), in.Done[i].Cell(problem, b)
		if ca == nil || cb == nil || len(ca.Runs) == 0 {
			continue
		}
		x, y := paired(ca, cb, testAccuracy)
		on := strings.ToUpper(problem) + ", test accuracy at the end"
		findings = append(findings, judge(claim, text, on, x, y, width5))
	}
	return findings
}

package results

import (
	"encoding/json"

	"noisebench/protocol"
)

// Run is everything that determines a run's outcome: two runs with equal Run are the same run. The
// purpose of a run (tuning, replicate, …), its place and its time are not part of it.
type Run struct {
	Protocol  int               `json:"protocol"` // protocol.Version
	Problem   ProblemID         `json:"problem"`
	Optimizer OptimizerID       `json:"optimizer"`
	Seed      uint64            `json:"seed"`
	Budget    int64             `json:"budget"`     // examples
	BatchSize int               `json:"batch_size"` // if the optimizer does not choose
	Schedule  protocol.Schedule `json:"schedule,omitzero"`
	// greatest norm of a gradient; 0 for no clipping
	Clip        float64        `json:"clip,omitempty"`
	Order       protocol.Order `json:"order"`
	Evaluations int            `json:"evaluations"` // marks after the one at 0
	// greatest number of steps kept; 0 for no trace
	Trace       int  `json:"trace"`
	Diagnostics bool `json:"diagnostics,omitempty"`
}

// ProblemID identifies a problem at its parameters by what it computes, by the bytes of its data
// and, if it is served by an outside plugin, by its code.
type ProblemID struct {
	Name    string          `json:"name"`
	Version string          `json:"version"`
	Plugin  protocol.Origin `json:"plugin"`
	// Fingerprint is that of the problem at Parameters for the quantities that the run's optimizer
	// needs, see package fingerprint.
	Fingerprint string              `json:"fingerprint,omitempty"`
	Parameters  protocol.Setting    `json:"parameters,omitempty"` // complete
	Data        []protocol.DataFile `json:"data,omitempty"`
}

// OptimizerID identifies an optimizer at a setting by what it computes and, if it is served by an
// outside plugin, by its code.
type OptimizerID struct {
	Name        string           `json:"name"`
	Version     string           `json:"version"`
	Plugin      protocol.Origin  `json:"plugin"`
	Fingerprint string           `json:"fingerprint,omitempty"` // see package fingerprint
	Setting     protocol.Setting `json:"setting,omitempty"`     // complete
}

// ID returns the name of the run's record: the hexadecimal SHA-256 of the run as compact JSON with
// sorted map keys. [IDs] is faster for many runs.
func (r *Run) ID() string {
	id := digest(r.json())
	return string(id[:])
}

func (r *Run) json() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic("results: a Run holds a value that JSON cannot carry: " + err.Error())
	}
	return b
}

// Status is the way a run ended.
type Status string

// The statuses. OK and Diverged are results. Failed is not: a plugin or the machine was at fault.
const (
	OK       Status = "ok"
	Diverged Status = "diverged"
	Failed   Status = "failed"
)

// Value is the evaluation of a point on one part.
type Value struct {
	Loss   protocol.Number `json:"loss"`
	Metric protocol.Number `json:"metric"`
}

// Point is the evaluation at one mark.
type Point struct {
	Mark       int64  `json:"mark"` // nominal, in examples
	Seen       int64  `json:"seen"` // actual, in examples: those charged before the evaluation
	Step       int    `json:"step"`
	BatchSize  int    `json:"batch_size"` // of the last batch; 0 at the start
	Train      Value  `json:"train"`
	Validation *Value `json:"validation,omitempty"`
	Test       *Value `json:"test,omitempty"`
}

// Trace keeps a regular subset of a run's steps, column by column: every Stride-th step from 0.
type Trace struct {
	Stride    int                          `json:"stride"`
	Seen      []int64                      `json:"seen"` // after the step's batch was charged
	Loss      []protocol.Number            `json:"loss"` // of the batch
	BatchSize []int                        `json:"batch_size"`
	Reports   map[string][]protocol.Number `json:"reports,omitempty"` // of the optimizer, by name
	// Diagnostics describe the noise of the batch's gradient g of m examples, by name; NaN where it
	// is unknown:
	//
	//	gradient_norm     ‖g‖₂
	//	variance_norm     ‖s‖₁, s as in protocol.Variance
	//	noise_to_signal   ‖s‖₁/‖g‖₂², of one example; since E‖g‖² is ‖∇f‖² + tr Σ/m, this is below
	//	                  tr Σ/‖∇f‖² (Balles 2021, Eq. 4.16)
	//	cabs_batch_size   α‖s‖₁/f, the choice of CABS from this batch alone (Balles 2021, Eq. 4.20)
	Diagnostics map[string][]protocol.Number `json:"diagnostics,omitempty"`
}

// End is how a run ended.
type End struct {
	Status Status `json:"status"`
	Reason string `json:"reason,omitempty"` // unless ok: what happened, and at which step
	Steps  int    `json:"steps"`
	Seen   int64  `json:"seen"` // examples charged
	// remainder of the budget that is smaller than the least batch
	Unused     int64 `json:"unused,omitempty"`
	Gradients  int64 `json:"gradients"`            // examples whose gradient was measured
	Variances  int64 `json:"variances,omitempty"`  // examples with variance or its norm
	Curvatures int64 `json:"curvatures,omitempty"` // examples with one of protocol.Matrices
	// protocol.Oracle was measured, which is free and unknown to real optimizers
	Oracle   bool `json:"oracle,omitempty"`
	MinBatch int  `json:"min_batch"`
	MaxBatch int  `json:"max_batch"`
}

// Host is the provenance of a record: where, when and by which build the run was made, and how long
// it took. It never enters a comparison of records.
type Host struct {
	Plan      string `json:"plan"`     // for which the run was made first
	Harness   string `json:"harness"`  // version of noisebench
	GoVersion string `json:"go"`       //
	Platform  string `json:"platform"` // GOOS/GOARCH/CPU feature level
	CPU       string `json:"cpu"`      // model
	Cores     int    `json:"cores"`    //
	Machine   string `json:"machine"`  // host name
	// Transport is the transport of the calls to "problem" and "optimizer": "in process", or one of
	// package plugins: "doorbell", "memory" or "messages".
	Transport map[string]string `json:"transport"`
	// Executables are the hexadecimal SHA-256 of those that served "problem" and "optimizer".
	Executables map[string]string `json:"executables,omitempty"`
	// Sandbox tells how the plugins of "problem" and "optimizer" were confined, if they are outside
	// ones: "landlock" and the version of the kernel's interface, "off", or "none" and why.
	Sandbox map[string]string `json:"sandbox,omitempty"`
	// Threads is the number of threads that each run was told to use; 0 for the number of cores.
	Threads  int `json:"threads,omitempty"`
	Parallel int `json:"parallel"` // concurrent runs
	Clocks
}

// With returns h with the parts that only the run itself knows: transports, executables, sandboxes
// and clocks.
func (h Host) With(run *Host) Host {
	h.Transport, h.Executables, h.Sandbox, h.Clocks = run.Transport, run.Executables, run.Sandbox,
		run.Clocks
	return h
}

// Clocks holds the start of a run and the wall-clock time that its parts took, in seconds.
type Clocks struct {
	Started       string  `json:"started"`           // RFC 3339, UTC
	ProblemTime   float64 `json:"problem_seconds"`   // in Measure, with the transport
	OptimizerTime float64 `json:"optimizer_seconds"` // in Step
	EvaluateTime  float64 `json:"evaluate_seconds"`  // in Evaluate and Estimate
	HarnessTime   float64 `json:"harness_seconds"`   // the rest
	// TransportTime is the part of ProblemTime and OptimizerTime that went on the way to other
	// processes and back, where these say what their own code took.
	TransportTime float64 `json:"transport_seconds,omitempty"`
}

// Imported is the origin of a record that was made by another tool.
type Imported struct {
	Source    string `json:"source"`    // the tool, such as "DeepOBS"
	File      string `json:"file"`      // path of its file, within the folder that was imported
	SHA256    string `json:"sha256"`    // of that file, hexadecimal
	Problem   string `json:"problem"`   // its name in that tool
	Optimizer string `json:"optimizer"` // its name in that tool
}

// Record is one finished run.
type Record struct {
	Run      Run
	Imported *Imported            // nil for runs made by noisebench
	Spec     protocol.ProblemSpec // of the problem
	Points   []Point              // the first is the start
	Trace    *Trace               // nil if the run kept no trace
	End      End
	Host     Host
}

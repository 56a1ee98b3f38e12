package worker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"noisebench/protocol"
	"noisebench/results"
)

// message is one line in either direction, with one of its fields or the combinations that the
// package comment lists.
type message struct {
	Open       *Opening     `json:"open,omitempty"`
	Opened     bool         `json:"opened,omitempty"`
	Run        *results.Run `json:"run,omitempty"`
	Checkpoint []byte       `json:"checkpoint,omitempty"`
	Refused    string       `json:"refused,omitempty"`
	Record     string       `json:"record,omitempty"` // as in its file
	Fault      *fault       `json:"fault,omitempty"`
	Error      string       `json:"error,omitempty"`
	Stop       bool         `json:"stop,omitempty"`
	Stopped    bool         `json:"stopped,omitempty"`
}

// Opening is the first message to a worker, which is sent once.
type Opening struct {
	Protocol int           `json:"protocol"`          // protocol.Version
	Plan     protocol.Plan `json:"plan"`              // with its defaults
	Plugins  []string      `json:"plugins,omitempty"` // of the plan
	Flags    []string      `json:"flags,omitempty"`   // how bench worker launches plugins
	Dir      string        `json:"dir,omitempty"`     // where relative paths of plugins begin
}

// fault is a *protocol.Fault in a message.
type fault struct {
	Plugin string `json:"plugin"`
	Call   string `json:"call"`
	Text   string `json:"text"`
}

func faultOf(err error) *fault {
	var f *protocol.Fault
	if !errors.As(err, &f) {
		return nil
	}
	return &fault{Plugin: f.Plugin, Call: f.Call, Text: f.Err.Error()}
}

func (f *fault) err() error {
	if f == nil {
		return nil
	}
	return &protocol.Fault{Plugin: f.Plugin, Call: f.Call, Err: errors.New(f.Text)}
}

// pipe writes and reads messages. Several goroutines may write.
type pipe struct {
	in  *bufio.Reader
	mu  sync.Mutex
	out io.Writer
}

func newPipe(in io.Reader, out io.Writer) *pipe { return &pipe{in: bufio.NewReader(in), out: out} }

func (p *pipe) write(m message) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err = p.out.Write(append(line, '\n'))
	return err
}

// read reads the next message. Any other line is an error that quotes it.
func (p *pipe) read() (message, error) {
	var m message
	line, err := p.in.ReadBytes('\n')
	if err != nil {
		return m, err
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return m, notMessage(bytes.TrimSpace(line))
	}
	return m, nil
}

// notMessage is a line that is not a message, such as a greeting of the machine.
type notMessage []byte

func (n notMessage) Error() string {
	return fmt.Sprintf("it printed %.200q, want a message", []byte(n))
}

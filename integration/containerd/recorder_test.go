package containerd

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// recorderName is the CNI plugin type that the test binary is called with to be a plugin which passes prevResult
// through and writes down how it was called.
const recorderName = "recorder"

// recorderLog is where in the node the recorder writes, one JSON object to a line.
const recorderLog = "/run/recorder.log"

// call is one call of the recorder.
type call struct {
	Command, ContainerID, Netns, Args string

	// Config is what came on stdin.
	Config struct {
		PrevResult    json.RawMessage `json:",omitempty"`
		RuntimeConfig map[string]json.RawMessage
		Fail          string // the command that the recorder fails, from its part of the conflist
	}
	// HostsWritten says that the sandbox's own hosts file of CRI had content at the time of the call.
	HostsWritten bool
}

func (c call) String() string {
	return fmt.Sprintf("%s netns=%v prevResult=%v", c.Command, c.Netns != "", len(c.Config.PrevResult) > 0)
}

func runRecorder() int {
	if os.Getenv("CNI_COMMAND") == "VERSION" {
		fmt.Println(`{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0","1.1.0"]}`)
		return 0
	}
	c := call{
		Command: os.Getenv("CNI_COMMAND"), ContainerID: os.Getenv("CNI_CONTAINERID"), Netns: os.Getenv("CNI_NETNS"),
		Args: os.Getenv("CNI_ARGS"),
	}
	if err := c.record(); err != nil {
		return failed(err.Error())
	}
	if c.Config.Fail == c.Command {
		return failed("told to fail")
	}
	if c.Command == "ADD" {
		_, _ = os.Stdout.Write(c.Config.PrevResult)
	}
	return 0
}

func failed(message string) int {
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"cniVersion": "1.0.0", "code": 100, "msg": recorderName + ": " + message})
	return 1
}

func (c *call) record() error {
	stdin, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(stdin, &c.Config); err != nil {
		return err
	}
	if st, err := os.Stat(sandboxDir + c.ContainerID + "/hosts"); err == nil && st.Size() > 0 {
		c.HostsWritten = true
	}
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(recorderLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(append(line, '\n'))
	return err
}

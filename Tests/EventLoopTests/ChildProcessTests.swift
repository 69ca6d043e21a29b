import EventLoop
import Glibc
import Primitives
import Testing

@Suite struct ChildProcessTests {
    @Test func outputAndExitCodeArriveInOrder() throws {
        let loop = try EventLoop()
        var output: [UInt8] = []
        var exits: [ChildProcess.Exit] = []
        let script = "echo $GREETING; echo oops >&2; exit 7"
        try ChildProcess.start(
            ["/bin/sh", "-c", script],
            environment: ["GREETING=hello"],
            loop: loop,
            onOutput: { bytes in
                #expect(exits.isEmpty)
                output += bytes
            },
            onExit: { exits.append($0) }
        )
        try loop.run(until: { !exits.isEmpty })
        #expect(exits == [.code(7)])
        #expect(String(decoding: output, as: UTF8.self) == "hello\noops\n")
    }

    @Test func aSignalledChildIsReportedAsSuch() throws {
        let loop = try EventLoop()
        var exits: [ChildProcess.Exit] = []
        let child = try ChildProcess.start(["/bin/cat", "/dev/zero"], loop: loop, onOutput: { _ in }) {
            exits.append($0)
        }
        loop.enqueue { child.terminate() }
        try loop.run(until: { !exits.isEmpty })
        #expect(exits == [.signal(SIGTERM)])
        child.terminate(now: true)
    }

    @Test func aMissingProgramIsAnErrorThatNamesIt() throws {
        let loop = try EventLoop()
        let expected = SystemError(code: ENOENT, operation: "start /no/such/program")
        #expect(throws: expected) { try ChildProcess.start(["/no/such/program"], loop: loop) { _ in } }
    }
}

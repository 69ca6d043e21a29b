import Glibc
import LoopUnderTest
import Primitives
import TemporaryFolder
import Testing

@testable import EventLoop

@Suite struct ChildProcessTests {
    @Test func outputAndExitCodeArriveInOrder() throws {
        let loop = try EventLoop()
        var output: [UInt8] = []
        var exits: [ChildProcess.Exit] = []
        let script = "echo $GREETING; echo oops >&2; exit 7"
        var greeting = ChildProcess.Options()
        greeting.environment = ["GREETING=hello"]
        try ChildProcess.start(
            ["/bin/sh", "-c", script],
            options: greeting,
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

    @Test func aSignalThatItTakesGoesToItAlone() throws {
        let loop = try EventLoop()
        var exits: [ChildProcess.Exit] = []
        var child: ChildProcess?
        let script = "trap 'kill $!; wait $!; exit $?' USR1; sleep 30 & echo ready; wait"
        child = try ChildProcess.start(["/bin/sh", "-c", script], options: Self.group(), loop: loop) { _ in
            child?.signal(SIGUSR1)
        } onExit: {
            exits.append($0)
        }
        try loop.run(until: { !exits.isEmpty })
        // What it had started ended by SIGTERM, which it sent, and not by that of ours.
        #expect(exits == [.code(128 + SIGTERM)])
        child?.signal(SIGUSR1)
    }

    @Test func aMissingProgramIsAnErrorThatNamesIt() throws {
        let loop = try EventLoop()
        let expected = SystemError(code: ENOENT, operation: "start /no/such/program")
        #expect(throws: expected) { try ChildProcess.start(["/no/such/program"], loop: loop) { _ in } }
    }

    /// A shell and what it started, in a group of their own.
    private static func group(_ record: String? = nil) -> ChildProcess.Options {
        var options = ChildProcess.Options()
        options.leadsGroup = true
        options.record = record
        return options
    }

    @Test func aGroupEndsWithItsLeader() throws {
        let loop = try EventLoop()
        var exits: [ChildProcess.Exit] = []
        var output: [UInt8] = []
        let script = "/bin/sleep 1000 & echo $!; wait"
        let child = try ChildProcess.start(
            ["/bin/sh", "-c", script],
            options: Self.group(),
            loop: loop,
            onOutput: { output += $0 },
            onExit: { exits.append($0) }
        )
        try loop.run(until: { output.last == 0x0A })
        let grandchild = try #require(Int32(String(decoding: output, as: UTF8.self).dropLast()))
        #expect(getpgid(grandchild) == child.pid)
        child.terminate()
        try loop.run(until: { !exits.isEmpty })
        #expect(exits == [.signal(SIGTERM)])
        // Whoever reaps orphans may take a moment; a signal has been sent to it all the same.
        let state = { SmallProcess.state(of: grandchild) }
        try loop.run(until: { state() == nil || state() == "Z" })
    }

    @Test func whoDoesNotEndWhenAskedIsEnded() throws {
        let loop = try EventLoop()
        var exits: [ChildProcess.Exit] = []
        var output: [UInt8] = []
        let child = try ChildProcess.start(
            ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do /bin/sleep 1000; done"],
            options: Self.group(),
            loop: loop,
            onOutput: { output += $0 },
            onExit: { exits.append($0) }
        )
        try loop.run(until: { !output.isEmpty })
        child.end(within: .milliseconds(50))
        try loop.run(until: { !exits.isEmpty })
        #expect(exits == [.signal(SIGKILL)])
    }

    @Test func aProgramThatRunsForTooLongIsEnded() throws {
        let loop = try EventLoop()
        var exits: [ChildProcess.Exit] = []
        var options = ChildProcess.Options()
        options.timeLimit = .milliseconds(20)
        try ChildProcess.start(["/bin/sleep", "1000"], options: options, loop: loop) { exits.append($0) }
        try loop.run(until: { !exits.isEmpty })
        #expect(exits == [.signal(SIGKILL)])
    }

    @Test func aProgramThatOutlivesItsStarterIsAdopted() throws {
        let folder = try TemporaryFolder()
        let record = folder.path + "/child"
        let loop = try EventLoop()
        var exits: [ChildProcess.Exit] = []
        // A shell that leaves its child behind stands for a service that was killed.
        var output: [UInt8] = []
        try ChildProcess.start(
            ["/bin/sh", "-c", "/bin/sleep 1000 >/dev/null 2>&1 & echo $!"],
            loop: loop,
            onOutput: { output += $0 },
            onExit: { exits.append($0) }
        )
        try loop.run(until: { !exits.isEmpty })
        let pid = try #require(Int32(String(decoding: output, as: UTF8.self).dropLast()))
        try #require(SmallProcess.write(pid, to: record))
        var adoptedExits: [ChildProcess.Exit] = []
        let adopted = try #require(
            ChildProcess.adopt(record: record, loop: loop) { adoptedExits.append($0) }
        )
        #expect(adopted.pid == pid)
        adopted.terminate()
        try loop.run(until: { !adoptedExits.isEmpty })
        #expect(adoptedExits == [.unknown])
        #expect(access(record, F_OK) != 0)
        #expect(ChildProcess.adopt(record: record, loop: loop) { _ in } == nil)
    }

    @Test func aProgramIsWrittenDownBeforeItRuns() throws {
        let folder = try TemporaryFolder()
        let record = folder.path + "/child"
        let loop = try EventLoop()
        var output: [UInt8] = []
        var exits: [ChildProcess.Exit] = []
        let child = try ChildProcess.start(
            ["/bin/cat", record, "-"],
            options: Self.group(record),
            loop: loop,
            onOutput: { output += $0 },
            onExit: { exits.append($0) }
        )
        try loop.run(until: { !exits.isEmpty })
        #expect(exits == [.code(0)])
        #expect(String(decoding: output, as: UTF8.self).hasPrefix("\(child.pid) "))
    }

    @Test func aProgramWhoseStarterWasKilledBeforeItWasWrittenDownNeverRuns() throws {
        let loop = try EventLoop()
        var output: [UInt8] = []
        var exits: [ChildProcess.Exit] = []
        // Standard input ends at once, as it does where nobody will open the gate any more.
        let waiting = ChildGate.arguments(["/bin/echo", "it runs"])
        try ChildProcess.start(waiting, loop: loop, onOutput: { output += $0 }, onExit: { exits.append($0) })
        try loop.run(until: { !exits.isEmpty })
        #expect(exits == [.code(1)] && output == [])
    }

    @Test func aProgramThatIsNotThereIsToldOfAlsoWhereItWouldBeWrittenDown() throws {
        let folder = try TemporaryFolder()
        let options = Self.group(folder.path + "/child")
        let loop = try EventLoop()
        let error = #expect(throws: SystemError.self) {
            try ChildProcess.start(["/nowhere/pppd"], options: options, loop: loop, onExit: { _ in })
        }
        #expect(error?.code == ENOENT)
    }

    @Test(.timeLimit(.minutes(1))) func nobodyIsWaitedForAtAPipeInThePlaceOfARecord() throws {
        let folder = try TemporaryFolder()
        let record = folder.path + "/child"
        try #require(mkfifo(record, 0o600) == 0 && mkfifo(record + ".new", 0o600) == 0)
        let loop = try EventLoop()
        #expect(ChildProcess.adopt(record: record, loop: loop) { _ in } == nil)
        var exits: [ChildProcess.Exit] = []
        // It is there for as long as it is looked at.
        let sleep = ["/bin/sleep", "60"]
        let child = try ChildProcess.start(sleep, options: Self.group(record), loop: loop) { exits.append($0) }
        #expect(child.recordFailure?.code == ENXIO)
        child.terminate(now: true)
        try loop.run(until: { !exits.isEmpty })
    }

    @Test func aRecordThatCannotBeWrittenIsToldOf() throws {
        let folder = try TemporaryFolder()
        let loop = try EventLoop()
        var exits: [ChildProcess.Exit] = []
        for path in ["/nowhere/child", "/child"] {
            let options = Self.group(folder.path + path)
            let child = try ChildProcess.start(["/bin/sleep", "60"], options: options, loop: loop) { exits.append($0) }
            #expect((child.recordFailure?.code == ENOENT) == (path == "/nowhere/child"))
            child.terminate(now: true)
        }
        try loop.run(until: { exits.count == 2 })
    }

    @Test func aNumberThatAnotherProcessHasByNowIsNotAdopted() throws {
        let folder = try TemporaryFolder()
        let record = folder.path + "/child"
        try #require(SmallProcess.write(getpid(), began: 1, to: record))
        #expect(try ChildProcess.adopt(record: record, loop: EventLoop()) { _ in } == nil)
        for text in ["", "x", "1 2", "-5 1 boot", "99999999999 1 boot"] {
            try #require(SmallProcess.write(text, to: record))
            #expect(try ChildProcess.adopt(record: record, loop: EventLoop()) { _ in } == nil, "\(text)")
        }
    }
}

/// What a test looks up of processes, by itself.
private enum SmallProcess {
    private static func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    private static func fields(of pid: Int32) -> [Substring]? {
        guard let stat = text("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        return stat[end...].split(separator: " ")
    }

    static func state(of pid: Int32) -> Substring? { fields(of: pid)?[1] }

    static func write(_ pid: Int32, began: UInt64? = nil, to path: String) -> Bool {
        guard let begin = began ?? fields(of: pid).flatMap({ UInt64($0[20]) }),
            let boot = text("/proc/sys/kernel/random/boot_id")
        else { return false }
        return write("\(pid) \(begin) \(boot)", to: path)
    }

    static func write(_ text: String, to path: String) -> Bool {
        guard let file = fopen(path, "w") else { return false }
        defer { fclose(file) }
        return fputs(text, file) >= 0
    }
}

import Bus
import BusSchema
import EventLoop
import Glibc
import Log
import Primitives
import Storage
import Testing

@testable import ServiceHost

@Suite struct ServiceHostTests {
    /// A directory for everything, and the socket on which systemd would listen.
    private final class Fixture {
        let path: String
        let notifications: Int32
        var environment: [String: String]
        let options: ServiceOptions
        let log: Log
        private let logPipe: [Int32]

        init(notifyPath: String? = nil) throws {
            var template = Array("/tmp/host-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw SystemError(code: errno, operation: "create a directory") }
            path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
            notifications = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            let name = notifyPath ?? "\(path)/notify"
            environment = ["NOTIFY_SOCKET": name]
            options = ServiceOptions(
                runtimeDirectory: path,
                stateDirectory: "\(path)/state",
                configurationPath: "\(path)/charger.json",
                logLevel: .notice
            )
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw SystemError(code: errno, operation: "create a pipe") }
            logPipe = ends
            log = Log(threshold: .notice, descriptor: ends[1])
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { target in
                var bytes = Array(name.utf8)
                if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
                target.copyBytes(from: bytes)
            }
            let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(notifications, $0, length) }
            }
            guard bound == 0 else { throw SystemError(code: errno, operation: "bind \(name)") }
        }

        deinit {
            for name in [
                "notify", "charger.json", "modem-manager.lock", "modem-manager.pub", "modem-manager.rpc",
                "modem-manager.svc",
            ] {
                unlink("\(path)/\(name)")
            }
            rmdir("\(path)/state")
            rmdir(path)
            for descriptor in logPipe + [notifications] { close(descriptor) }
        }

        func host() throws -> ServiceHost {
            try ServiceHost(.modemManager, options: options, log: log, environment: environment)
        }

        /// Every notification that has arrived.
        func received() -> [String] {
            var all: [String] = []
            var buffer = [UInt8](repeating: 0, count: 1024)
            while true {
                let count = recv(notifications, &buffer, buffer.count, 0)
                guard count > 0 else { return all }
                all.append(String(decoding: buffer.prefix(count), as: UTF8.self))
            }
        }

        func write(configuration: String) {
            let descriptor = open("\(path)/charger.json", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            _ = Glibc.write(descriptor, configuration, configuration.utf8.count)
            close(descriptor)
        }
    }

    @Test func readinessIsToldAndSIGTERMEndsWithZero() throws {
        let fixture = try Fixture()
        let host = try fixture.host()
        let bus = try host.joinBus(publishes: [UplinkState.self], serves: [UplinkReport.self])
        pthread_kill(pthread_self(), SIGTERM)
        let status = try host.runLoop()
        #expect(status == 0)
        #expect(fixture.received() == ["READY=1", "STOPPING=1"])
        #expect(RuntimeDirectory(path: fixture.path).presence(of: .modemManager) == .absent)
        #expect(bus.service == .modemManager)
    }

    @Test func whatTheLoopAndTheLogSufferIsPublished() throws {
        let fixture = try Fixture()
        let host = try fixture.host()
        _ = try host.joinBus(publishes: [], serves: [])
        host.loop.turnLimit = .milliseconds(5)
        host.loop.enqueue {
            let end = EventLoop.uptime() + .milliseconds(10)
            while EventLoop.uptime() < end {}
        }
        let client = BusClient(source: .chargectl, directory: RuntimeDirectory(path: fixture.path), loop: host.loop)
        var seen: [ServiceHealth] = []
        try client.subscribe(to: .modemManager, topics: [ServiceHealth.type]) { _, message in
            if let health = message.value as? ServiceHealth { seen.append(health) }
            if seen.last?.longTurns ?? 0 > 0 { host.end() }
        }
        let limit = EventLoop.uptime() + HealthReport.interval * 3
        host.loop.addDeadlineSource(next: { Deadline(at: limit, for: "a test") }, fire: { _ in host.end() })
        _ = try host.runLoop()
        #expect(seen.first?.longTurns == 0)
        let last = try #require(seen.last)
        #expect(last.longTurns >= 1)
        #expect(last.longestTurnMicroseconds >= 10_000)
        #expect(last.longestTurnReason != nil)
        #expect(last.turnLimitMicroseconds == 5000)
        client.close()
    }

    @Test func whatIsWrittenToFlashIsToldWhenTheFilesAreOpen() throws {
        let fixture = try Fixture()
        let host = try fixture.host()
        _ = try host.joinBus(publishes: [], serves: [])
        host.flashWrites = { (bytes: 12_288, syncs: 3) }
        let client = BusClient(source: .chargectl, directory: RuntimeDirectory(path: fixture.path), loop: host.loop)
        var seen: [ServiceHealth] = []
        try client.subscribe(to: .modemManager, topics: [ServiceHealth.type]) { _, message in
            if let health = message.value as? ServiceHealth { seen.append(health) }
            if seen.last?.flashSyncs != nil { host.end() }
        }
        let limit = EventLoop.uptime() + .seconds(10)
        host.loop.addDeadlineSource(next: { Deadline(at: limit, for: "a test") }, fire: { _ in host.end() })
        _ = try host.runLoop()
        #expect(seen.last?.flashBytes == 12_288)
        #expect(seen.last?.flashSyncs == 3)
        client.close()
    }

    @Test func anAbstractNotifySocketIsReached() throws {
        let fixture = try Fixture(notifyPath: "@charger-test-\(getpid())")
        let host = try fixture.host()
        host.end()
        _ = try host.runLoop()
        #expect(fixture.received() == ["READY=1"])
    }

    @Test func aCredentialIsReadFromTheFolderThatSystemdNames() throws {
        let fixture = try Fixture()
        #expect(try fixture.host().credential("charger.json") == nil)
        fixture.environment["CREDENTIALS_DIRECTORY"] = fixture.path
        let host = try fixture.host()
        #expect(host.credential("charger.json") == nil)
        // What was put there by mistake is not the same as nothing.
        for empty in ["", "\n\n"] {
            fixture.write(configuration: empty)
            #expect(host.credential("charger.json")?.secret?.exposed == "")
        }
        fixture.write(configuration: "00FF\n")
        let credential = try #require(host.credential("charger.json"))
        #expect(credential.secret?.exposed == "00FF")
        #expect(credential.path == "\(fixture.path)/charger.json")
        #expect(!"\(credential)".contains("00FF"))
        // What an editor left behind it hides nothing.
        fixture.write(configuration: "00FF" + String(repeating: " \n", count: 40_000))
        #expect(host.credential("charger.json")?.secret?.exposed == "00FF")
        // And what cannot be read is not the same as nothing.
        fixture.write(configuration: String(repeating: "0", count: 1024 * 1024 + 1))
        let large = try #require(host.credential("charger.json"))
        #expect(large.secret == nil)
    }

    @Test func theRuntimeFolderIsForTheServiceAloneAndWhatHasItsNameIsNotFollowed() throws {
        let fixture = try Fixture()
        let host = try fixture.host()
        let path = "\(fixture.path)/modem-manager"
        #expect(symlink("/tmp", path) == 0)
        #expect(host.makeRuntimeFolder() == path)
        defer { rmdir(path) }
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode == S_IFDIR | 0o700)
        // Kept, since nobody knows whose it is.
        #expect(unlink(path + ".unreadable") == 0)
        #expect(host.makeRuntimeFolder() == path)
    }

    @Test func theWatchdogIsFedFromTheLoopTwicePerInterval() throws {
        let fixture = try Fixture()
        fixture.environment["WATCHDOG_USEC"] = "20000"
        fixture.environment["WATCHDOG_PID"] = String(getpid())
        let host = try fixture.host()
        // Without a feed this never ends but by the limit, and then there are too few.
        let limit = EventLoop.uptime() + .seconds(10)
        var feeds = 0
        host.loop.addDeadlineSource(next: { Deadline(at: feeds >= 3 ? .zero : limit, for: "a test") }) { _ in host.end()
        }
        let watch = host.loop.watch(descriptor: fixture.notifications) { _ in
            feeds += fixture.received().filter { $0 == "WATCHDOG=1" }.count
        }
        _ = try host.runLoop()
        host.loop.unwatch(watch)
        #expect(feeds >= 3)
    }

    @Test func theWatchdogOfAnotherProcessIsNotOurs() throws {
        let fixture = try Fixture()
        fixture.environment["WATCHDOG_USEC"] = "20000"
        fixture.environment["WATCHDOG_PID"] = "1"
        let host = try fixture.host()
        host.end()
        _ = try host.runLoop()
        #expect(fixture.received() == ["READY=1"])
    }

    @Test func aServiceMayFinishSomethingBeforeItEnds() throws {
        let fixture = try Fixture()
        let host = try fixture.host()
        var course: [String] = []
        host.onTermination = {
            course.append("asked")
            host.loop.enqueue {
                course.append("done")
                host.end()
            }
        }
        pthread_kill(pthread_self(), SIGINT)
        pthread_kill(pthread_self(), SIGTERM)
        _ = try host.runLoop()
        #expect(course == ["asked", "done"])
    }

    @Test func aDeviceThatCannotReadIsWaitedForAtTheStartButNotForEver() {
        let error = StorageError.system(FileError(EIO, "read", "/state/log"))
        var patience = StartPatience(limit: .milliseconds(150))
        var lines: [LogRecord] = []
        let began = EventLoop.uptime()
        var tries = 0
        while patience.wait(for: error, { lines.append($0) }), tries < 100 { tries += 1 }
        #expect(tries == 2)
        #expect(EventLoop.uptime() - began >= .milliseconds(150))
        let other = StorageError.system(FileError(EIO, "read", "/state/doc"))
        #expect(!patience.wait(for: other) { lines.append($0) })
        #expect(lines.map(\.level) == [.warning, .warning])
        #expect(lines.map { "\($0.fields)" }.allSatisfy { $0.contains("/state/") })
    }

    @Test func aDeviceThatCannotFindTheStateDirectoryIsWaitedForAndOtherErrorsAreNot() throws {
        let fixture = try Fixture()
        let host = try fixture.host()
        var codes = [EIO, EIO, EEXIST]
        #expect(try host.makeStateDirectory { _ in codes.removeFirst() } == host.options.stateDirectory)
        #expect(codes.isEmpty)
        codes = [EACCES, EEXIST]
        #expect(throws: SystemError.self) { try host.makeStateDirectory { _ in codes.removeFirst() } }
        #expect(codes.count == 1)
    }

    @Test func aMissingSettingsFileIsNamedWithTheOptionThatChoosesIt() throws {
        let fixture = try Fixture()
        let host = try fixture.host()
        #expect {
            try host.readSite()
        } throws: { error in
            "\(error)"
                == "\(fixture.path)/charger.json: cannot be read: No such file or directory; services take another with --config"
        }
    }

    @Test func aBrokenSettingsFileIsNamedWithThePlace() throws {
        let fixture = try Fixture()
        fixture.write(configuration: "{\"station\": {,}")
        let host = try fixture.host()
        #expect {
            try host.readSite()
        } throws: { error in
            "\(error)".contains("charger.json: line 1")
        }
        fixture.write(configuration: "{}")
        _ = try host.readSite()
    }

    @Test func theStateDirectoryIsMadeOnDemand() throws {
        let fixture = try Fixture()
        let host = try fixture.host()
        let first = try host.makeStateDirectory()
        let second = try host.makeStateDirectory()
        #expect(first == "\(fixture.path)/state")
        #expect(second == first)
        #expect(access(first, W_OK) == 0)
    }
}

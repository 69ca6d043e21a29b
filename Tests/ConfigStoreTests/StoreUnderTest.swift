import Bus
import BusSchema
import EventLoop
import Foundation
import Primitives
import Testing

/// The real `config-store` with folders of its own, started, killed and started again, and a client that talks to it.
final class StoreUnderTest {
    static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("config-store")

    static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: program.path) }

    static let tester = ServiceName(rawValue: "tester")

    let loop: EventLoop
    let folder: String
    var state: String { folder + "/state" }
    var runtime: String { folder + "/run" }

    private var process: Process?
    /// Who declares has to be a service on the bus.
    private var client: BusEndpoint
    private let log: FileHandle

    init() throws {
        folder = "/tmp/config-store-" + UUID().uuidString.prefix(8)
        for name in ["", "/run", "/state"] {
            try FileManager.default.createDirectory(atPath: folder + name, withIntermediateDirectories: true)
        }
        try Data().write(to: URL(fileURLWithPath: folder + "/log"))
        log = try #require(FileHandle(forWritingAtPath: folder + "/log"))
        loop = try EventLoop()
        client = try Self.join(folder + "/run", loop)
    }

    private static func join(_ runtime: String, _ loop: EventLoop) throws -> BusEndpoint {
        try BusEndpoint(
            service: tester,
            version: "1",
            directory: RuntimeDirectory(path: runtime),
            loop: loop,
            publishes: [],
            serves: []
        )
    }

    deinit {
        kill()
        client.close()
        // Nothing depends on it; what is left over lies in the system's temporary folder.
        try? FileManager.default.removeItem(atPath: folder)
    }

    var logged: String {
        get throws { String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder + "/log")), as: UTF8.self) }
    }

    /// Starts the store with a new client, and declares `keys` as soon as it answers.
    @discardableResult
    func start(_ keys: [KeyDeclaration]) throws -> ConfigDeclare.Reply {
        client.close()
        client = try Self.join(runtime, loop)
        let process = Process()
        process.executableURL = Self.program
        process.arguments = ["--runtime-dir", runtime, "--state-dir", state]
        process.standardError = log
        try process.run()
        self.process = process
        return try ask(ConfigDeclare(owner: Self.tester, keys: keys))
    }

    /// Starts a store that is expected to refuse, and returns what it says.
    func refusal() throws -> String {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = ["--runtime-dir", runtime, "--state-dir", state]
        process.standardError = log
        try process.run()
        process.waitUntilExit()
        return try logged
    }

    /// Ends the store as a power cut would, at whatever instruction it is.
    func kill() {
        guard let process else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// Asks and waits for the reply.
    func ask<R: BusRequest>(_ request: R) throws -> R.Reply {
        var result: Result<R.Reply, BusError>?
        send(request) { [loop] in
            result = $0
            loop.stop()
        }
        try loop.run()
        return try #require(result).get()
    }

    func send<R: BusRequest>(_ request: R, _ completion: @escaping (Result<R.Reply, BusError>) -> Void) {
        client.request(request, within: .seconds(20), completion: completion)
    }
}

extension KeyDeclaration {
    static let counter = KeyDeclaration(
        key: "Counter",
        type: .integer,
        defaultValue: "0",
        access: .readWrite,
        description: "Counts."
    )

    static let password = KeyDeclaration(
        key: "Password",
        type: .string,
        defaultValue: nil,
        access: .writeOnly,
        secret: true,
        description: "Not to be seen."
    )
}

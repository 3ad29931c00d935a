import Logging
import NATS
import SkipStream

// Who has which shard: claimed, handed over and given up by compare-and-set on the shard's key.

extension Worker {
    private static let shardCount = ClusterSubject.shards
    /// Shards that are being claimed or loaded at a time.
    private static let mostComing = 128

    /// Reads the two buckets from now on.
    func watch() {
        watches = [
            StreamReader(link, stream: ClusterStreams.workers, filter: "$KV.skipd-workers.>", from: nil) { [unowned self] delivery in
                guard let other = delivery.message.subject.split(separator: ".").last.map(String.init) else { return }
                if delivery.message.header("KV-Operation") == nil { members.hear(other) } else { members.forget(other) }
            },
            StreamReader(link, stream: ClusterStreams.shards, filter: "$KV.skipd-shards.>", from: nil) { [unowned self] delivery in
                guard let number = ShardKey.shard(ofSubject: delivery.message.subject), let key = ShardKey(delivery.message.bytes, revision: delivery.sequence) else { return }
                note(number, key)
            },
        ]
        beat(at: bootTime())
    }

    /// Takes what the bucket says of a shard.
    private func note(_ number: Int, _ key: ShardKey) {
        if let known = keys[number], known.revision >= key.revision { return }
        keys[number] = key
        guard let shard = shards[number], shard.phase != .claiming, key.revision > shard.revision else { return }
        // One's own write whose answer was lost.
        if key.owner == name, key.epoch == shard.epoch { shard.revision = key.revision } else { lose(shard, "\(key.owner.isEmpty ? "somebody" : key.owner) has written its key") }
    }

    /// Gives a sign of life.
    private func beat(at now: Int64) {
        lastBeat = now
        link.ask("$KV.skipd-workers.\(name)", Array("{}".utf8)) { [weak self] message in
            if case .stored = StoreAnswer(message) { self?.members.renew(sentAt: now) }
        }
    }

    /// Ten times a second.
    func tick() {
        let now = bootTime()
        members.tick(now: now)
        if now - lastBeat >= members.interval { beat(at: now) }
        for watch in watches { watch.tick() }
        for shard in shards.values { shard.reader?.tick() }
        guard members.holdsLease(now: now) else {
            if !shards.isEmpty {
                logger.warning("the lease could not be renewed in time: \(shards.count) shards are given up")
                for shard in Array(shards.values) { lose(shard, nil) }
            }
            return
        }
        guard !isStopping, members.knowsOthers(now: now) else { return }
        balance(now)
    }

    private func balance(_ now: Int64) {
        let quota = members.quota(of: Self.shardCount, now: now)
        let staying = shards.values.filter { $0.phase != .releasing }
        if staying.count > quota {
            for shard in staying.filter({ $0.phase == .running }).sorted(by: { $0.number > $1.number }).prefix(staying.count - quota) { release(shard) }
            return
        }
        var wanted = min(quota - staying.count, Self.mostComing - shards.values.count { $0.phase == .claiming || $0.phase == .loading })
        let start = members.start(of: Self.shardCount)
        var offset = 0
        while wanted > 0, offset < Self.shardCount {
            let number = (start + offset) % Self.shardCount
            offset += 1
            guard shards[number] == nil else { continue }
            let key = keys[number] ?? ShardKey()
            guard key.owner.isEmpty || key.owner == name || members.isGone(key.owner, now: now) else { continue }
            claim(number, key)
            wanted -= 1
        }
    }

    private func put(_ shard: OwnedShard, owner: String, position: UInt64, expecting revision: UInt64, _ answer: @escaping (StoreAnswer) -> Void) {
        var key = ShardKey()
        (key.owner, key.epoch, key.position) = (owner, shard.epoch, position)
        link.ask(ShardKey.subject(shard.number), headers: [("Nats-Expected-Last-Subject-Sequence", "\(revision)")], key.bytes) { answer(StoreAnswer($0)) }
    }

    private func claim(_ number: Int, _ key: ShardKey) {
        let shard = OwnedShard(number, key)
        shards[number] = shard
        put(shard, owner: name, position: key.position, expecting: key.revision) { [weak self] answer in
            guard let self, shards[number] === shard, shard.phase == .claiming else { return }
            guard case .stored(let revision) = answer else {
                // Somebody was faster, or nobody knows: the bucket will tell.
                shards[number] = nil
                return
            }
            shard.revision = revision
            // What the bucket has said meanwhile.
            if let key = keys[number], key.revision > revision { return lose(shard, "\(key.owner) was faster") }
            load(shard)
        }
    }

    /// Reads a shard's states.
    private func load(_ shard: OwnedShard) {
        shard.phase = .loading
        shard.reader = StreamReader(link, stream: ClusterStreams.states, filter: "state.\(shard.number).>", from: nil, caughtUp: { [weak self, weak shard] in
            guard let self, let shard, shard.phase == .loading, !loaded.contains(where: { $0 === shard }) else { return }
            loaded.append(shard)
        }) { [weak shard] delivery in
            guard let shard, shard.phase == .loading else { return }
            let position = delivery.message.header("Skipd-Position").flatMap { UInt64($0) } ?? 0
            shard.incoming[delivery.message.subject] = (delivery.sequence, position, Array(delivery.message.bytes))
        }
    }

    /// Takes loaded shards' streams into the processor, and begins to read their samples.
    func take(_ processor: inout StreamProcessor) {
        let coming = loaded
        loaded = []
        for shard in coming where shards[shard.number] === shard && shard.phase == .loading {
            shard.reader?.close()
            for (subject, state) in shard.incoming {
                states.know(subject, lastSequence: state.sequence, order: state.position)
                guard !state.record.isEmpty else { continue }
                let (stream, outcome) = state.record.withUnsafeBytes { processor.importStream($0, at: Time.sinceEpoch) }
                if case .refused(let reason) = outcome {
                    if !hasComplained { logger.error("the stream \(stream ?? subject) begins anew: \(reason); others like it are not logged") }
                    hasComplained = true
                } else if let stream, state.position > shard.stored { shard.include(Array(stream.utf8), upTo: state.position) }
            }
            shard.incoming = [:]
            shard.phase = .running
            shard.reader = StreamReader(
                link, stream: ClusterStreams.samples, filter: "samples.\(shard.number).>", from: shard.stored + 1, hasRoom: { [weak self] in self?.hasRoom ?? false }
            ) { [weak self, weak shard] delivery in
                if let self, let shard { arrive(delivery, shard) }
            }
        }
    }

    /// Begins to hand a shard over: no more samples; the next checkpoint stores it and frees its key.
    func release(_ shard: OwnedShard) {
        switch shard.phase {
        case .running:
            shard.phase = .releasing
            shard.reader?.close()
        case .claiming, .loading:
            // Nothing was done in it; whoever wants it next waits for it to be free.
            shard.phase = .releasing
            shard.reader?.close()
        case .releasing: break
        }
    }

    /// Forgets a shard that another worker has, or may have.
    func lose(_ shard: OwnedShard, _ reason: String?) {
        if let reason { logger.warning("shard \(shard.number) is lost: \(reason)") }
        lost += 1
        remove(shard)
    }

    private func remove(_ shard: OwnedShard) {
        guard shards[shard.number] === shard else { return }
        shard.reader?.close()
        shards[shard.number] = nil
        gone.insert(shard.number)
        let prefix = "state.\(shard.number)."
        states.forget { $0.hasPrefix(prefix) }
        results.forget { subject in ClusterSubject.name(subject.dropFirst(7)).map { SkipStream.shard(of: $0) == shard.number } ?? false }
    }

    /// Writes a shard's key after a checkpoint: with its new position, or free.
    func settle(_ shard: OwnedShard, position: UInt64, isFree: Bool, _ done: @escaping () -> Void) {
        put(shard, owner: isFree ? "" : name, position: position, expecting: shard.revision) { [weak self] answer in
            defer { done() }
            guard let self, shards[shard.number] === shard else { return }
            switch answer {
            case .stored(let revision):
                (shard.revision, shard.stored) = (revision, position)
                if isFree {
                    var key = ShardKey()
                    (key.epoch, key.position, key.revision) = (shard.epoch, position, revision)
                    keys[shard.number] = key
                    remove(shard)
                }
            case .wrongSequence:
                // Unless it is one's own write, whose answer was lost: the bucket has told, or will.
                guard let key = keys[shard.number], key.revision > shard.revision else { return }
                if key.owner == name, key.epoch == shard.epoch { shard.revision = key.revision } else { lose(shard, "somebody has written its key") }
            case .failed: break
            }
        }
    }

    /// Tells the others at once.
    func leave() {
        link.ask("$KV.skipd-workers.\(name)", headers: [("KV-Operation", "DEL")], []) { _ in }
        for watch in watches { watch.close() }
        Time.pause(milliseconds: 50)
    }
}

/* SPDX-License-Identifier: MIT */
/* Reader-writer locks: who gets in beside whom, in which order, and that no wake-up is lost. */
#include <pthread.h>
#include <string.h>

#include <weft.h>

static weft_rwmutex rw;

static bool panics_with(weft_panic_info *p, const char *text)
{
    bool ok = p && strstr(weft_panic_message(p), text);
    weft_panic_info_free(p);
    return ok;
}

/* Nobody holds it, and nobody waits. */
static bool is_free(void)
{
    if (!weft_rwmutex_try_lock(&rw))
        return false;
    weft_rwmutex_unlock(&rw);
    return !rw.weft_readers && !rw.weft_readers_last && !rw.weft_writers && !rw.weft_writers_last &&
           rw.weft_woken == 0;
}

WEFT_TEST(readers_share_and_writers_do_not)
{
    weft_rwmutex_rlock(&rw);
    weft_check(weft_rwmutex_try_rlock(&rw));
    weft_check(!weft_rwmutex_try_lock(&rw));
    weft_rwmutex_runlock(&rw);
    weft_check(!weft_rwmutex_try_lock(&rw));
    weft_rwmutex_runlock(&rw);
    weft_check(weft_rwmutex_try_lock(&rw));
    weft_check(!weft_rwmutex_try_lock(&rw));
    weft_check(!weft_rwmutex_try_rlock(&rw));
    weft_rwmutex_unlock(&rw);
    weft_rwmutex_lock(&rw);
    weft_rwmutex_unlock(&rw);
    weft_check(is_free());
}

/* ---- order ------------------------------------------------------------------------ */

static char order[16];
static _Atomic int noted;

static void note(char who) { order[noted++] = who; }

static const char *order_now(void)
{
    static char copy[sizeof order];
    weft_scoped_wlock(&rw);
    strcpy(copy, order);
    return copy;
}

static void read_once(char who)
{
    weft_scoped_rlock(&rw);
    note(who);
    weft_yield();
}

static void write_once(char who)
{
    weft_scoped_wlock(&rw);
    note(who);
    weft_yield();
}

WEFT_TEST(a_waiting_writer_keeps_new_readers_out)
{
    weft_rwmutex_rlock(&rw);
    weft_go(write_once, 'W');
    weft_test_until_waiting(1, WEFT_WAIT_RWMUTEX_WRITE);
    weft_check(!weft_rwmutex_try_rlock(&rw));
    weft_go(read_once, 'r');
    weft_test_until_waiting(1, WEFT_WAIT_RWMUTEX_READ);
    weft_check(noted, ==, 0);
    weft_rwmutex_runlock(&rw);
    weft_test_until_idle();
    weft_check(order_now(), ==, "Wr");
    weft_check(is_free());
}

WEFT_TEST(readers_that_came_during_a_write_go_before_the_next_write)
{
    weft_rwmutex_lock(&rw);
    weft_go(write_once, 'W');
    weft_test_until_waiting(1, WEFT_WAIT_RWMUTEX_WRITE);
    weft_go(read_once, 'r');
    weft_go(read_once, 'r');
    weft_test_until_waiting(2, WEFT_WAIT_RWMUTEX_READ);
    weft_go(write_once, 'V');
    weft_test_until_waiting(2, WEFT_WAIT_RWMUTEX_WRITE);
    weft_rwmutex_unlock(&rw);
    weft_test_until_idle();
    weft_check(order_now(), ==, "rrWV");
}

/* Neither side starves: with both always wanting it, both go on. */
static _Atomic long reads, writes;
static _Atomic bool stop;

static void keep_reading(void)
{
    while (!stop) {
        weft_rwmutex_rlock(&rw);
        reads++;
        weft_yield();
        weft_rwmutex_runlock(&rw);
    }
}

static void keep_writing(void)
{
    while (!stop) {
        weft_rwmutex_lock(&rw);
        writes++;
        weft_yield();
        weft_rwmutex_unlock(&rw);
    }
}

WEFT_TEST(neither_side_starves)
{
    weft_wg wg = {0};
    for (int i = 0; i < 4; i++) {
        weft_wg_go(&wg, keep_reading);
        weft_wg_go(&wg, keep_writing);
    }
    while (reads < 1000 || writes < 1000)
        weft_sleep(weft_background(), WEFT_MILLISECOND);
    stop = true;
    weft_wg_wait(&wg);
    weft_check(is_free());
}

/* ---- contention ----------------------------------------------------------------------- */

static _Atomic int readers_inside, writers_inside;
static long plain; /* guarded by rw */

static void hammer(int id, int rounds)
{
    long seen = 0;
    for (int i = 0; i < rounds; i++) {
        switch ((i + id) % 10) {
        case 0:
            weft_rwmutex_lock(&rw);
            weft_check(++writers_inside == 1 && readers_inside == 0);
            plain++;
            if (i % 7 == 0)
                weft_yield();
            writers_inside--;
            weft_rwmutex_unlock(&rw);
            break;
        case 1:
            if (weft_rwmutex_try_lock(&rw)) {
                weft_check(++writers_inside == 1 && readers_inside == 0);
                plain++;
                writers_inside--;
                weft_rwmutex_unlock(&rw);
            }
            break;
        case 2:
            if (!weft_rwmutex_try_rlock(&rw))
                break;
            goto read;
        default:
            weft_rwmutex_rlock(&rw);
        read:
            readers_inside++;
            weft_check(writers_inside, ==, 0);
            seen += plain;
            if (i % 13 == 0)
                weft_yield();
            readers_inside--;
            weft_rwmutex_runlock(&rw);
        }
    }
    weft_check(seen >= 0);
}

static void *hammer_on_thread(void *id)
{
    hammer((int)(intptr_t)id, 3000);
    return NULL;
}

WEFT_TEST(readers_and_writers_keep_apart)
{
    pthread_t thread[2];
    weft_wg wg = {0};
    for (int i = 0; i < 10; i++)
        weft_wg_go(&wg, hammer, i, 5000);
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, hammer_on_thread, (void *)(intptr_t)i);
    weft_wg_wait(&wg);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    weft_check(is_free());
}

/* A lock belongs to no goroutine: others may give it back. */
static void give_back(bool write)
{
    if (write)
        weft_rwmutex_unlock(&rw);
    else
        weft_rwmutex_runlock(&rw);
}

WEFT_TEST(another_may_unlock)
{
    for (int i = 0; i < 100; i++) {
        weft_wg wg = {0};
        weft_rwmutex_rlock(&rw);
        weft_wg_go(&wg, give_back, false);
        weft_rwmutex_lock(&rw); /* waits for that */
        weft_wg_go(&wg, give_back, true);
        weft_wg_wait(&wg);
        weft_check(is_free());
    }
}

/* ---- scopes and misuse ---------------------------------------------------------------------- */

static void panic_inside(bool write)
{
    if (write) {
        weft_scoped_wlock(&rw);
        weft_panic("inside");
    }
    weft_scoped_rlock(&rw);
    weft_panic("inside");
}

WEFT_TEST(a_panic_unlocks_what_its_scopes_hold)
{
    weft_check(panics_with(weft_try(panic_inside, true), "inside"));
    weft_check(panics_with(weft_try(panic_inside, false), "inside"));
    weft_check(is_free());
}

static void rlock(weft_rwmutex *l) { weft_rwmutex_rlock(l); }
static void lock(weft_rwmutex *l) { weft_rwmutex_lock(l); }
static void try_both(weft_rwmutex *l)
{
    (void)(weft_rwmutex_try_rlock(l) || weft_rwmutex_try_lock(l));
}

WEFT_TEST(a_copy_panics)
{
    weft_rwmutex_rlock(&rw);
    weft_rwmutex_runlock(&rw);
    weft_rwmutex copy = rw;
    weft_check(panics_with(weft_try(rlock, &copy), "rwmutex was copied"));
    weft_check(panics_with(weft_try(lock, &copy), "rwmutex was copied"));
    weft_check(panics_with(weft_try(try_both, &copy), "rwmutex was copied"));
}

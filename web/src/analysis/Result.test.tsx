import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { accept, complete } from '../../dev/recordings.ts';
import { Timeline } from '../timeline/Timeline.tsx';
import { Failure } from './Failure.tsx';
import { Result } from './Result.tsx';

afterEach(cleanup);

const then = new Date('2026-11-21T12:00:00Z');
const done = (name: string) => complete(accept('an_1', name, 1000, then), then);

it('A_result_is_told_in_words_and_numbers_with_its_evidence', () => {
  render(<Result analysis={done('clip-manipulated.mp4')} upload={null} />);
  expect(screen.getByRole('heading', { name: 'Likely manipulated' })).toBeTruthy();
  expect(screen.getByRole('img', { name: 'Manipulation score 94 of 100' })).toBeTruthy();
  expect(screen.getByText('Face 1 scores 93.6 of 100.')).toBeTruthy();
  expect(screen.getByText(/about 1 in 100 score as high/)).toBeTruthy();
  expect(screen.getByRole('img', { name: 'Face 1' }).getAttribute('src')).toBe('/v1/analyses/an_1/faces/1');
  const models = within(screen.getByRole('table', { name: 'Detection models', hidden: true }));
  expect(models.getByText('The model did not load: wrong hash.')).toBeTruthy();
  expect(screen.getByText(/32 of 300 frames/)).toBeTruthy();
});

it('Heat_maps_are_shown_on_request', () => {
  const analysis = done('clip-manipulated.mp4');
  analysis.faces = analysis.faces.map((face) => ({ ...face, heat_map: `/heat/${face.track_id}`, frame: `/frame/${face.track_id}` }));
  render(<Result analysis={analysis} upload={null} />);
  expect(screen.getByRole('link', { name: 'Whole frame with face 1' }).getAttribute('href')).toBe('/frame/1');
  fireEvent.click(screen.getByRole('button', { name: 'Show heat maps' }));
  expect(screen.getByRole('img', { name: 'Face 1' }).getAttribute('src')).toBe('/heat/1');
});

it('An_inconclusive_result_shows_no_risk_and_warns_of_its_score', () => {
  render(<Result analysis={done('unsure.jpg')} upload={null} />);
  expect(screen.getByRole('heading', { name: 'No answer possible' })).toBeTruthy();
  expect(screen.getByText(/do not rely on it here/)).toBeTruthy();
  expect(screen.getByText('Risk').nextElementSibling?.textContent).toBe('–');
});

it('An_image_has_no_timeline_and_a_result_without_faces_no_faces', () => {
  render(<Result analysis={done('noface.jpg')} upload={null} />);
  expect(screen.queryByRole('slider')).toBeNull();
  expect(screen.queryByRole('heading', { name: /Faces/ })).toBeNull();
  expect(screen.queryByRole('img', { name: /Manipulation score/ })).toBeNull();
});

it('The_timeline_is_read_and_moved_by_keyboard', () => {
  const seek = vi.fn();
  const analysis = done('clip-manipulated.mp4');
  render(<Timeline analysis={analysis} playhead={null} onSeek={seek} />);
  const slider = screen.getByRole('slider');
  expect(slider.getAttribute('aria-valuetext')).toBe('No frame chosen');
  fireEvent.keyDown(slider, { key: 'ArrowRight' });
  expect(slider.getAttribute('aria-valuetext')).toMatch(/^0:00\.0: highest score \d+ of 100$/);
  fireEvent.keyDown(slider, { key: 'PageDown' });
  fireEvent.keyDown(slider, { key: 'PageUp' });
  expect(seek).toHaveBeenLastCalledWith(analysis.frames[10]?.seconds);
  expect(slider.getAttribute('aria-valuetext')).toContain('in a suspicious stretch');
  fireEvent.keyDown(slider, { key: 'End' });
  fireEvent.keyDown(slider, { key: 'ArrowRight' });
  expect(seek).toHaveBeenLastCalledWith(analysis.frames.at(-1)?.seconds);
});

it('One_face_can_be_followed_alone', () => {
  render(<Timeline analysis={done('clip-manipulated.mp4')} playhead={null} onSeek={null} />);
  expect(screen.getAllByRole('listitem')).toHaveLength(2);
  fireEvent.click(screen.getByRole('button', { name: 'Face 2' }));
  expect(screen.getByRole('button', { name: 'Face 2' }).getAttribute('aria-pressed')).toBe('true');
  expect(screen.getAllByRole('listitem')).toHaveLength(1);
  expect(screen.getByRole('slider', { name: 'Timeline of the score of face 2' })).toBeTruthy();
});

it('A_failure_says_what_to_do_and_offers_another_try_only_where_it_can_help', () => {
  const { rerender } = render(<Failure code="media_truncated" detail="" onRetry={() => undefined} onFiles={() => undefined} />);
  expect(screen.getByRole('alert').textContent).toContain('download it again');
  expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull();
  rerender(<Failure code="backlog_full" detail="" onRetry={() => undefined} onFiles={() => undefined} />);
  expect(screen.getByRole('button', { name: 'Try again' })).toBeTruthy();
});
